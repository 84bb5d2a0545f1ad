//! Telling somebody, once.

mod bucket;
mod channel;
mod ledger;
mod measure;
mod message;
mod quiet_hours;
mod rule;
mod secret;
mod segments;
mod silence;
mod slo;
mod state;
mod subject;

pub use self::channel::{
    Channel, Forged, InvalidMail, InvalidSms, InvalidWebhook, Mail, Slack, Sms, Webhook, verify,
};
pub use self::measure::{Measure, Question, Sample};
pub use self::message::{Message, Occasion, Shown};
pub use self::quiet_hours::QuietHours;
pub use self::rule::{Level, Rule};
pub use self::secret::Secret;
pub use self::silence::Silence;
pub use self::state::{Alert, State};
pub use self::subject::{Labels, Subject};
