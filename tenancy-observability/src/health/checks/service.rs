use std::time::Instant;

use bytes::Bytes;
use http::{Request, Uri};
use tenancy_core::outbound::Outbound;

use crate::health::{Check, Finding};

/// Whether another service answers a `GET` with success.
#[derive(Clone, Debug)]
pub struct ServiceCheck {
    outbound: Outbound,
    url: Uri,
}

impl ServiceCheck {
    /// Asks at this address, by this client.
    pub fn new(outbound: &Outbound, url: Uri) -> Self {
        Self {
            outbound: outbound.clone(),
            url,
        }
    }
}

impl Check for ServiceCheck {
    async fn run(&self) -> Finding {
        let began = Instant::now();
        let mut request = Request::new(Bytes::new());
        *request.uri_mut() = self.url.clone();
        match self.outbound.send(request).await {
            Ok(answer) if answer.status().is_success() => Finding::pass().took(began),
            Ok(_) => Finding::fail("the service does not answer with success").took(began),
            Err(error) => {
                tracing::debug!(%error, "a service could not be asked");
                Finding::fail("the service does not answer")
            }
        }
    }
}
