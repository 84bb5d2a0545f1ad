//! Alerts on their way, to real receivers.

mod arrival;
mod mail;
mod nodes;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tenancy_core::outbound::Outbound;
use tenancy_core::time::Time;
use tenancy_observability::alert::{
    AlertsBuilder, Channel, Measure, Question, Rule, Sample, Secret, Subject, Webhook,
};
use tenancy_tests::HttpReceiver;

const SECOND: Duration = Duration::from_secs(1);

/// Every test begins at the same time.
fn start() -> Time {
    Time::from_microseconds(1_800_000_000_000_000)
}

fn secret() -> Secret {
    Secret::new(format!("whsec_{}", STANDARD.encode([7; 24])))
}

/// A client that reaches the receivers of these tests.
fn outbound() -> Outbound {
    let outbound = Outbound::builder().internal_addresses();
    outbound.time_out(5 * SECOND).build().unwrap()
}

fn webhook(sink: &HttpReceiver) -> Channel {
    let webhook = Webhook::new(&outbound(), &sink.url("/hook"), &secret());
    Channel::webhook("hook", webhook.unwrap()).pace(10_000, Duration::ZERO)
}

/// A rule that tells at once of what is at ten or above, and at once of its end.
fn rule(name: &str) -> Rule {
    Rule::above(name, "metric", 10.0).calm_for(Duration::ZERO)
}

/// Tells of everything as it comes.
fn at_once(builder: AlertsBuilder) -> AlertsBuilder {
    builder
        .gather_for(Duration::ZERO)
        .update_every(Duration::ZERO)
}

/// Values that a test sets.
#[derive(Clone, Default)]
struct Values(Arc<Mutex<Vec<Sample>>>);

impl Values {
    fn set(&self, samples: impl IntoIterator<Item = Sample>) {
        *self.0.lock().unwrap() = samples.into_iter().collect();
    }

    fn platform(value: f64) -> Self {
        let values = Self::default();
        values.set([Sample::new(Subject::Platform, value)]);
        values
    }
}

impl Measure for Values {
    async fn read(&self, question: Question) -> Vec<Sample> {
        match &*question.metric {
            "metric" => self.0.lock().unwrap().clone(),
            _ => vec![],
        }
    }
}
