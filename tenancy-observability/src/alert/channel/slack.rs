use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Uri};
use serde_json::json;
use tenancy_core::outbound::Outbound;
use uuid::Uuid;

use super::attempt::idempotent;
use crate::alert::Secret;
use crate::alert::message::Message;

/// An incoming webhook of Slack, or of what speaks its language. Its address is a secret.
#[derive(Clone, Debug)]
pub struct Slack {
    outbound: Outbound,
    url: Secret,
}

impl Slack {
    /// Sends to this address, by this client.
    ///
    /// # Errors
    /// When the address is none.
    pub fn new(outbound: &Outbound, url: Secret) -> Result<Self, http::uri::InvalidUri> {
        url.expose().parse::<Uri>()?;
        Ok(Self {
            outbound: outbound.clone(),
            url,
        })
    }

    pub(super) fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    pub(super) fn request(&self, id: Uuid, message: &Message) -> Request<Bytes> {
        let text = message.text();
        let (title, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let document = json!({
            "text": escaped(title),
            "attachments": [{
                "color": message.level.colour(),
                "text": escaped(rest),
                "ts": message.at.as_microseconds() / 1_000_000,
            }],
        });
        let mut request = Request::new(Bytes::from(document.to_string()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.url.expose().parse().unwrap_or_default();
        let kind = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, kind);
        idempotent(request, id)
    }
}

/// The three characters that Slack reads as its own.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
