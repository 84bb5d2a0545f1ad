use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Request, Uri};
use serde_json::json;
use tenancy_cache::{Edge, Flush, Flushed};
use tenancy_core::TenantScope;
use tenancy_core::journal::ConsumerError;
use tenancy_core::outbound::Outbound;
use tenancy_observability::outgoing::SlowOutgoing;
use tenancy_observability::trace_context::TraceContext;

use super::EdgeTags;
use crate::config::{self, PurgeForm};
use crate::failure::Failure;

/// The CDN, told over HTTP what to forget.
#[derive(Debug)]
pub(crate) struct Cdn {
    outbound: Outbound,
    url: Uri,
    /// What is sent each time.
    headers: Vec<(HeaderName, HeaderValue)>,
    form: PurgeForm,
    tags: EdgeTags,
}

const SURROGATE_KEY: HeaderName = HeaderName::from_static("surrogate-key");
const FASTLY_KEY: HeaderName = HeaderName::from_static("fastly-key");
const SOFT_PURGE: HeaderName = HeaderName::from_static("fastly-soft-purge");

impl Cdn {
    /// `None` where no address is configured.
    pub(crate) fn of(
        config: &config::Edge,
        tags: &EdgeTags,
        outgoing: &SlowOutgoing,
    ) -> Result<Option<Self>, Failure> {
        let Some(url) = &config.purge_url else {
            return Ok(None);
        };
        let mut headers = vec![];
        if let Some(token) = &config.purge_token {
            let named = [(AUTHORIZATION, "Bearer "), (FASTLY_KEY, "")];
            let count = match config.purge_form {
                PurgeForm::Cloudflare => 1,
                PurgeForm::Fastly => 2,
            };
            for (name, prefix) in named.into_iter().take(count) {
                let value = HeaderValue::try_from(format!("{prefix}{}", token.expose()));
                let mut value = value.map_err(|_| Failure::new("edge.purge_token is no token"))?;
                value.set_sensitive(true);
                headers.push((name, value));
            }
        }
        // An operator gave the address, and may well have a Varnish in a network of their own.
        let outbound = Outbound::builder()
            .internal_addresses()
            .time_out(config.time_out())
            .headers(TraceContext::write_current)
            .observe(outgoing.observer())
            .build()?;
        Ok(Some(Self {
            outbound,
            url: url.uri().clone(),
            headers,
            form: config.purge_form,
            tags: tags.clone(),
        }))
    }

    async fn purge(&self, keys: &[String], how: Flush) -> Result<(), Failure> {
        let mut request = Request::post(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = match self.form {
            PurgeForm::Cloudflare => request
                .header(CONTENT_TYPE, "application/json")
                .body(Bytes::from(json!({ "tags": keys }).to_string()))?,
            PurgeForm::Fastly => {
                if how == Flush::Soft {
                    request = request.header(SOFT_PURGE, "1");
                }
                request = request.header(SURROGATE_KEY, keys.join(" "));
                request.body(Bytes::new())?
            }
        };
        let status = self.outbound.send(request).await?.status();
        if status.is_success() {
            return Ok(());
        }
        Err(Failure::new(format!("the CDN answers {status}")))
    }
}

impl Edge for Cdn {
    async fn forget(&self, scope: &TenantScope, flushed: &Flushed) -> Result<(), ConsumerError> {
        let tenant = scope.tenant_id();
        let keys: Vec<_> = match &flushed.tags {
            None => vec![self.tags.of_all(tenant)],
            Some(tags) => {
                let shown = tags.iter().filter(|tag| is_on_answers(tag));
                shown.map(|tag| self.tags.of(tenant, tag)).collect()
            }
        };
        for keys in keys.chunks(self.form.keys_max()) {
            let purged = self.purge(keys, flushed.how).await;
            purged.map_err(|failure| failure.to_string())?;
        }
        Ok(())
    }
}

impl PurgeForm {
    /// How many keys one request may name.
    fn keys_max(self) -> usize {
        match self {
            Self::Cloudflare => 30,
            Self::Fastly => 256,
        }
    }
}

/// Whether answers carry such a tag; what else the journal tells of, no CDN has.
fn is_on_answers(tag: &str) -> bool {
    let kind = tag.split_once('/').map_or(tag, |(kind, _)| kind);
    matches!(kind, "category" | "product") || tag == "stock"
}
