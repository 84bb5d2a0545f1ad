use std::fmt;
use std::time::Duration;

use tenancy_core::TenantId;
use tenancy_core::time::Time;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;
use uuid::Uuid;

use super::{Caller, Fingerprint, SlowQueries, SlowQuery};

/// Where sqlx tells of its statements.
const SQLX: &str = "sqlx::query";

/// Where core names the statement that is under way.
const STATEMENT: &str = "tenancy_core::statement";

/// The field by which a span tells its request.
const REQUEST_ID: &str = "request_id";

/// This crate's own files begin so, whichever way it was compiled.
fn own_files() -> &'static str {
    file!().trim_end_matches("slow_query/listen.rs")
}

pub(super) fn is_wanted(metadata: &Metadata<'_>) -> bool {
    if metadata.is_span() {
        metadata.target() == STATEMENT || metadata.fields().field(REQUEST_ID).is_some()
    } else {
        metadata.target() == SQLX
    }
}

/// Hears what sqlx says of slow statements.
#[derive(Debug)]
pub(super) struct Listener {
    queries: SlowQueries,
}

/// What a span says of the statements within it.
#[derive(Default)]
struct Origin {
    tenant_id: Option<TenantId>,
    file: Option<Box<str>>,
    line: Option<u32>,
    request_id: Option<Box<str>>,
}

/// What sqlx says of a statement.
#[derive(Default)]
struct Said {
    summary: String,
    statement: String,
    seconds: f64,
    rows: u64,
}

impl Listener {
    pub(super) fn new(queries: SlowQueries) -> Self {
        Self { queries }
    }
}

impl<S> Layer<S> for Listener
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut origin = Origin::default();
        attributes.record(&mut origin);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(origin);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut said = Said::default();
        event.record(&mut said);
        let Ok(took) = Duration::try_from_secs_f64(said.seconds) else {
            return;
        };
        if !self.queries.is_slow(took) {
            return;
        }
        let origin = origin(event, &context);
        let caller = origin.caller();
        // What this crate keeps its findings with is not what anybody looks for.
        if caller
            .as_ref()
            .is_some_and(|caller| caller.file.starts_with(own_files()))
        {
            return;
        }
        self.queries.count(SlowQuery {
            statement: Fingerprint::of(said.text()),
            tenant_id: origin.tenant_id,
            caller,
            calls: 1,
            total: took,
            longest: took,
            rows: said.rows,
            last_at: Time::now(),
            request_id: origin.request_id,
        });
    }
}

/// What the spans around an event say of it, the innermost first.
fn origin<S>(event: &Event<'_>, context: &Context<'_, S>) -> Origin
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let mut known = Origin::default();
    for span in context.event_scope(event).into_iter().flatten() {
        let extensions = span.extensions();
        let Some(said) = extensions.get::<Origin>() else {
            continue;
        };
        known.tenant_id = known.tenant_id.or(said.tenant_id);
        known.line = known.line.or(said.line);
        known.file = known.file.or_else(|| said.file.clone());
        known.request_id = known.request_id.or_else(|| said.request_id.clone());
    }
    known
}

impl Origin {
    fn caller(&self) -> Option<Caller> {
        let (file, line) = (self.file.clone()?, self.line?);
        Some(Caller { file, line })
    }
}

impl Visit for Origin {
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "line" {
            self.line = u32::try_from(value).ok();
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        if field.name() == "tenant_id" {
            self.tenant_id = Some(TenantId::from(Uuid::from_u128(value)));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "file" => self.file = Some(value.into()),
            REQUEST_ID => self.request_id = Some(value.into()),
            _ => {}
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == REQUEST_ID {
            self.request_id = Some(format!("{value:?}").into());
        }
    }
}

impl Said {
    /// A short statement is its own summary.
    fn text(&self) -> &str {
        let statement = self.statement.trim();
        if statement.is_empty() {
            &self.summary
        } else {
            statement
        }
    }
}

impl Visit for Said {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.seconds = value;
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if matches!(field.name(), "rows_affected" | "rows_returned") {
            self.rows = self.rows.max(value);
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "summary" => value.clone_into(&mut self.summary),
            "db.statement" => value.clone_into(&mut self.statement),
            _ => {}
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
