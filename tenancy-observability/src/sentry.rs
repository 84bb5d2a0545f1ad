//! Errors told to Sentry, or to whoever speaks its protocol.
//!
//! [`SentryLayer`] is a layer of `tracing`'s subscribers. Of each event of level `ERROR` it sends the
//! message, where it was said, and the fields `cause`, `error`, `failure`, `why` and `work`; as tags the
//! environment, `tenant` and `request_id`, from the event or the spans it was said in (of a span `request`
//! also its `id`), or else the [tenant for logs](ambient_tenant_id). Nothing else leaves the
//! process: no other field, no header, no address.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! use tenancy_observability::sentry::SentryLayer;
//! use tracing_subscriber::prelude::*;
//!
//! let sentry = SentryLayer::new("https://key@sentry.example/42", "production")?;
//! tracing_subscriber::registry().with(sentry.clone()).init();
//! tracing::error!(tenant = "acme", "an order was lost");
//! // At the end; it waits for the network.
//! sentry.close(Duration::from_secs(2));
//! # Ok(())
//! # }
//! ```
//!
//! Its own thread sends, for five seconds each at the longest. Thirty events may wait for it, and more are
//! dropped, so nobody waits for Sentry.

mod transport;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sentry::protocol::{Event as Report, Map, Value};
use sentry::{Client, ClientOptions, Level};
use tenancy_core::scope::ambient_tenant_id;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use self::transport::Transports;
use crate::outgoing::SlowOutgoing;

/// What is told of an error beside its message.
const TOLD: [&str; 5] = ["cause", "error", "failure", "why", "work"];

/// The longest text of a field, in bytes.
const TEXT_BYTES_MAX: usize = 2048;

/// Sends errors. Clones are the same one.
#[derive(Clone)]
pub struct SentryLayer(Arc<Client>);

/// The address is not one of Sentry's: `https://KEY@HOST/PROJECT`; or no TLS can be spoken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an address of Sentry's is https://KEY@HOST/PROJECT")]
pub struct InvalidDsn;

/// Whose work a span is, and for which request.
#[derive(Clone, Debug, Default)]
struct Marks {
    is_request: bool,
    tenant: Option<String>,
    request_id: Option<String>,
}

/// What an event says.
#[derive(Debug, Default)]
struct Said {
    message: String,
    told: Map<String, Value>,
    marks: Marks,
}

impl SentryLayer {
    /// Sends to this address, as an environment such as `production`.
    ///
    /// # Errors
    /// [`InvalidDsn`], without the address, for it holds a key.
    pub fn new(dsn: &str, environment: &str) -> Result<Self, InvalidDsn> {
        Self::with(dsn, environment, None)
    }

    /// The same, and counts what takes long or fails.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn observed(
        dsn: &str,
        environment: &str,
        outgoing: &SlowOutgoing,
    ) -> Result<Self, InvalidDsn> {
        Self::with(dsn, environment, Some(outgoing.clone()))
    }

    fn with(
        dsn: &str,
        environment: &str,
        outgoing: Option<SlowOutgoing>,
    ) -> Result<Self, InvalidDsn> {
        let mut options = ClientOptions::default();
        options.dsn = Some(dsn.parse().map_err(|_| InvalidDsn)?);
        options.environment = Some(environment.to_owned().into());
        let transports = Transports::new(outgoing).map_err(|_| InvalidDsn)?;
        options.transport = Some(Arc::new(transports));
        options.default_integrations = false;
        Ok(Self(Arc::new(Client::with_options(options))))
    }

    /// Sends what is left, and no more from then on. Blocks the thread, for no longer than this; says
    /// whether all was sent.
    pub fn close(&self, within: Duration) -> bool {
        self.0.close(Some(within))
    }
}

impl<S> Layer<S> for SentryLayer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut marks = Marks {
                is_request: attributes.metadata().name() == "request",
                ..Marks::default()
            };
            attributes.record(&mut marks);
            span.extensions_mut().insert(marks);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(marks) = span.extensions_mut().get_mut::<Marks>()
        {
            values.record(marks);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if *event.metadata().level() != tracing::Level::ERROR {
            return;
        }
        let mut said = Said::default();
        event.record(&mut said);
        // From the innermost outwards: the nearest knows best.
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(marks) = span.extensions().get::<Marks>() {
                said.marks.fill(marks);
            }
        }
        let tenant = said.marks.tenant;
        let tenant = tenant.or_else(|| ambient_tenant_id().map(|id| id.to_string()));
        let tags = [("tenant", tenant), ("request_id", said.marks.request_id)];
        let tags = tags
            .into_iter()
            .filter_map(|(name, tag)| Some((name.to_owned(), tag?)));
        let report = Report {
            level: Level::Error,
            logger: Some(event.metadata().target().to_owned()),
            message: Some(said.message),
            tags: tags.collect(),
            extra: said.told,
            ..Report::default()
        };
        self.0.capture_event(report, None);
    }
}

impl Marks {
    fn fill(&mut self, outer: &Self) {
        for (mark, outer) in [
            (&mut self.tenant, &outer.tenant),
            (&mut self.request_id, &outer.request_id),
        ] {
            if mark.is_none() {
                mark.clone_from(outer);
            }
        }
    }

    fn mark(&mut self, field: &str) -> Option<&mut Option<String>> {
        match field {
            "request_id" => Some(&mut self.request_id),
            "id" if self.is_request => Some(&mut self.request_id),
            "tenant" => Some(&mut self.tenant),
            _ => None,
        }
    }
}

impl Visit for Marks {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if let Some(mark) = self.mark(field.name()) {
            *mark = Some(bounded(value));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = bounded(value),
            name if TOLD.contains(&name) => {
                self.told.insert(name.to_owned(), bounded(value).into());
            }
            _ => self.marks.record_debug(field, value),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

/// Without the address, which holds a key.
impl fmt::Debug for SentryLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SentryLayer").finish_non_exhaustive()
    }
}

fn bounded(value: &dyn fmt::Debug) -> String {
    let mut text = format!("{value:?}");
    text.truncate(text.floor_char_boundary(TEXT_BYTES_MAX));
    text
}
