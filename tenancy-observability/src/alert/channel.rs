//! Ways on which messages leave.

mod attempt;
mod mail;
mod slack;
mod sms;
mod webhook;

use std::fmt;
use std::time::Duration;

use tenancy_core::TenantId;
use tenancy_core::time::Time;
use uuid::Uuid;

pub(super) use self::attempt::Attempt;
use self::attempt::sent;
pub use self::mail::{InvalidMail, Mail};
pub use self::slack::Slack;
pub use self::sms::{InvalidSms, Sms};
pub use self::webhook::{Forged, InvalidWebhook, Webhook, verify};
use super::message::{Message, Occasion};
use super::quiet_hours::QuietHours;
use super::rule::Level;
use super::subject::Subject;

/// A way on which messages leave, and which of them.
#[derive(Clone, Debug)]
#[must_use]
pub struct Channel {
    name: String,
    way: Way,
    level_min: Level,
    resolved: bool,
    tenant: Option<TenantId>,
    quiet: Option<QuietHours>,
    burst: u32,
    every: Duration,
}

#[derive(Clone, Debug)]
enum Way {
    Mail(Box<Mail>),
    Slack(Box<Slack>),
    Sms(Box<Sms>),
    Webhook(Box<Webhook>),
}

impl Channel {
    /// A channel of Slack.
    pub fn slack(name: &str, slack: Slack) -> Self {
        Self::new(name, Way::Slack(Box::new(slack)))
    }

    /// E-mail.
    pub fn mail(name: &str, mail: Mail) -> Self {
        Self::new(name, Way::Mail(Box::new(mail)))
    }

    /// SMS, which carries what is critical and nothing else.
    pub fn sms(name: &str, sms: Sms) -> Self {
        Self {
            level_min: Level::Critical,
            ..Self::new(name, Way::Sms(Box::new(sms)))
        }
    }

    /// A program that is told.
    pub fn webhook(name: &str, webhook: Webhook) -> Self {
        Self::new(name, Way::Webhook(Box::new(webhook)))
    }

    fn new(name: &str, way: Way) -> Self {
        Self {
            name: name.to_owned(),
            way,
            level_min: Level::Info,
            resolved: true,
            tenant: None,
            quiet: None,
            burst: 10,
            every: Duration::from_secs(1),
        }
    }

    /// Carries what is at least so bad. Default: everything; SMS stays with what is critical.
    pub fn at_least(mut self, level: Level) -> Self {
        self.level_min = match self.way {
            Way::Sms(_) => Level::Critical,
            Way::Mail(_) | Way::Slack(_) | Way::Webhook(_) => level,
        };
        self
    }

    /// Whether it carries that something is over. Default: yes.
    pub fn resolved(mut self, resolved: bool) -> Self {
        self.resolved = resolved;
        self
    }

    /// Carries what is about this tenant, and nothing else. Default: everything, for an operator.
    pub fn of_tenant(mut self, tenant: TenantId) -> Self {
        self.tenant = Some(tenant);
        self
    }

    /// Hours in which it carries what is critical and nothing else. Default: none.
    pub fn quiet_hours(mut self, hours: QuietHours) -> Self {
        self.quiet = Some(hours);
        self
    }

    /// How many messages a server sends at once, and how long after each there may be one more. What is
    /// beyond waits. Default: ten, and a second.
    pub fn pace(mut self, burst: u32, every: Duration) -> Self {
        (self.burst, self.every) = (burst, every);
        self
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The level from which on it carries.
    pub fn level_min(&self) -> Level {
        self.level_min
    }

    pub(super) fn bucket(&self) -> super::bucket::Bucket {
        super::bucket::Bucket::new(self.burst, self.every)
    }

    /// From when on it carries a message; never where that is not for it.
    pub(super) fn carries(&self, message: &Message, now: Time) -> Option<Time> {
        let is_wanted = match self.tenant {
            None => true,
            Some(own) => matches!(&message.subject, Subject::Tenant { id, .. } if *id == own),
        };
        let is_over = message.occasion == Occasion::Resolved;
        if !is_wanted || message.level < self.level_min || (is_over && !self.resolved) {
            return None;
        }
        let quiet = self
            .quiet
            .as_ref()
            .filter(|_| message.level < Level::Critical);
        Some(quiet.and_then(|hours| hours.end(now)).unwrap_or(now))
    }

    /// Sends a message. However often one with this id is sent, it is the same.
    pub(super) async fn send(&self, id: Uuid, message: &Message, now: Time) -> Attempt {
        match &self.way {
            Way::Mail(mail) => mail.send(id, message).await,
            Way::Slack(slack) => sent(slack.outbound(), slack.request(id, message), now).await,
            Way::Sms(sms) => sent(sms.outbound(), sms.request(id, message), now).await,
            Way::Webhook(hook) => sent(hook.outbound(), hook.request(id, message, now), now).await,
        }
    }

    /// What it is, without where it leads.
    pub fn kind(&self) -> &'static str {
        match self.way {
            Way::Mail(_) => "mail",
            Way::Slack(_) => "slack",
            Way::Sms(_) => "sms",
            Way::Webhook(_) => "webhook",
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
