//! Telling somebody that something is wrong, and that it is over, once each.
//!
//! A [`Rule`] says when there is something to tell of, a [`Measure`] knows values, a [`Channel`] is a way
//! on which messages leave, and [`Alerts`] puts the three together.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use tenancy_core::time::Time;
//! use tenancy_observability::alert::{Alerts, Question, Rule, Sample, State, Subject};
//!
//! let queue = async |_: Question| vec![Sample::new(Subject::Platform, 120.0)];
//! let rule = Rule::above("queue", "queued_jobs", 100.0).holds_for(Duration::from_secs(60));
//! let alerts = Alerts::builder().rule(rule).measure(queue).build();
//! let now = Time::now();
//! alerts.evaluate(now).await?;
//! assert_eq!(alerts.active().await?[0].state, State::Pending);
//! alerts.evaluate(now.after(Duration::from_secs(60))).await?;
//! assert_eq!(alerts.active().await?[0].state, State::Firing);
//! # Ok(())
//! # }
//! ```
//!
//! # When something is told
//! A value has to stay at its limit for the rule's time, and away from it for another, so that what comes
//! and goes is one alert. Alerts of one rule about one subject are one message, which counts them; more of
//! them are an update, at most one a minute. What another rule explains, what is silenced, and what is
//! not critical in a channel's quiet hours waits, and is told if it still goes on. Where there is no value
//! nobody can tell, which is a state of its own; what fires and has had no value for five minutes, since its
//! server, shop or rule is gone, is told as over for want of news.
//!
//! # When a message does not arrive
//! It is tried again after time-outs and the statuses 408, 425, 429 and 5xx, ever less often and never
//! before the receiver says, and given up after ten attempts or at any other refusal. What was given up is
//! kept for thirty days.

mod alerts;
mod book;
mod bucket;
mod channel;
mod delivery;
mod health_measure;
mod ledger;
mod measure;
mod message;
mod outbox;
mod quiet_hours;
mod rule;
mod segments;
mod silence;
mod slo;
mod state;
mod subject;

pub use self::alerts::{Alerts, AlertsBuilder, TestFailed};
pub use self::channel::{
    Channel, Forged, InvalidMail, InvalidSms, InvalidWebhook, Mail, Slack, Sms, Webhook, verify,
};
pub use self::delivery::{Delivery, Fate};
pub use self::health_measure::HealthMeasure;
pub use self::measure::{Measure, Question, Sample};
pub use self::message::{Message, Occasion, Shown};
pub use self::quiet_hours::QuietHours;
pub use self::rule::{Level, Rule};
pub use self::silence::Silence;
pub use self::state::{Alert, State};
pub use self::subject::{Labels, Subject};
pub use tenancy_core::Secret;
