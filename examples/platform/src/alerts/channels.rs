use jiff::civil::Time;
use jiff::tz::TimeZone;
use tenancy_core::outbound::Outbound;
use tenancy_observability::alert::{Channel, Mail, QuietHours, Secret, Slack, Sms, Webhook};
use tenancy_observability::outgoing::SlowOutgoing;
use tenancy_observability::trace_context::TraceContext;

use crate::config::Alerts;
use crate::failure::Failure;

/// The channels that have an address. Their addresses are an operator's, so they may be on networks of
/// one's own.
pub(super) fn of(wanted: &Alerts, outgoing: &SlowOutgoing) -> Result<Vec<Channel>, Failure> {
    let outbound = Outbound::builder()
        .internal_addresses()
        .headers(TraceContext::write_current)
        .observe(outgoing.observer())
        .build()?;
    let failed = |setting: &'static str| {
        move |error: &dyn std::fmt::Display| Failure::new(format!("{setting} is wrong: {error}"))
    };
    let mut channels = vec![];
    if let Some(server) = &wanted.mail.server {
        let mail = Mail::new(server, &wanted.mail.from, &wanted.mail.to);
        let mail = mail.map_err(|error| failed("alerts.mail")(&error))?;
        channels.push(Channel::mail("mail", mail.observe(outgoing)));
    }
    if let Some(url) = &wanted.slack.url {
        let slack = Slack::new(&outbound, url.clone());
        let slack = slack.map_err(|error| failed("alerts.slack.url")(&error))?;
        channels.push(Channel::slack("slack", slack));
    }
    if let Some(url) = &wanted.sms.url {
        let token = wanted.sms.token.clone();
        let token = token.unwrap_or_else(|| Secret::new(""));
        let account = (&*wanted.sms.account, &token);
        let (from, to) = (&wanted.sms.from, &wanted.sms.to);
        let sms = Sms::new(&outbound, &url.uri().to_string(), account, from, to);
        let sms = sms.map_err(|error| failed("alerts.sms")(&error))?;
        channels.push(Channel::sms("sms", sms));
    }
    if let Some(url) = &wanted.webhook.url {
        let secret = wanted.webhook.secret.clone();
        let secret = secret.unwrap_or_else(|| Secret::new(""));
        let hook = Webhook::new(&outbound, &url.uri().to_string(), &secret);
        let hook = hook.map_err(|error| failed("alerts.webhook.secret")(&error))?;
        channels.push(Channel::webhook("webhook", hook));
    }
    if let Some(hours) = &wanted.quiet_hours {
        let hours = quiet_hours(hours, &wanted.time_zone).ok_or_else(|| {
            Failure::new("alerts.quiet_hours is such as 22:00-07:00, and alerts.time_zone such as Europe/Berlin")
        })?;
        let quiet = |channel: Channel| channel.quiet_hours(hours.clone());
        channels = channels.into_iter().map(quiet).collect();
    }
    Ok(channels)
}

fn quiet_hours(text: &str, zone: &str) -> Option<QuietHours> {
    let (from, to) = text.split_once('-')?;
    let time = |text: &str| Time::strptime("%H:%M", text.trim()).ok();
    let zone = TimeZone::get(zone).ok()?;
    Some(QuietHours::new(time(from)?, time(to)?, zone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_are_two_times_and_a_zone_that_exists() {
        let check = |text: &str, zone: &str, expected: bool| {
            assert_eq!(quiet_hours(text, zone).is_some(), expected, "{text} {zone}");
        };
        check("22:00-07:00", "UTC", true);
        check("22:00 - 07:30", "Europe/Berlin", true);
        check("22:00", "UTC", false);
        check("25:00-07:00", "UTC", false);
        check("22:00-07:00", "Europe/Atlantis", false);
    }
}
