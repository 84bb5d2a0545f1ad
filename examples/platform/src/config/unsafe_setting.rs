use super::Config;
use super::web_url::is_told_in_the_clear;
use crate::failure::Failure;

/// The shortest secret that is taken, in characters.
const SECRET_CHARS_MIN: usize = 32;

/// The shortest token of those who watch.
const TOKEN_CHARS_MIN: usize = 16;

impl Config {
    /// Refuses to serve with settings that would be unsafe, and says what to change.
    pub(crate) fn refuse_unsafe(&self) -> Result<(), Failure> {
        if let Some(url) = &self.public_url {
            if !url.is_encrypted() && !url.is_loopback() {
                return Err(Failure::new(format!(
                    "{url} is not encrypted, so passwords and API keys would cross the network in \
                     the clear: set an https:// --public-url and put a TLS proxy in front"
                )));
            }
            let base = self.base_domain();
            if *url.host() != base {
                return Err(Failure::new(format!(
                    "the public URL {url} is not on the base domain {base}: make --public-url and \
                     --base-domain agree"
                )));
            }
        }
        if self.edge.shows_token() {
            return Err(Failure::new(
                "edge.purge_token would cross the network in the clear: give edge.purge_url an \
                 https:// address",
            ));
        }
        if self.alerts.sms.shows_token() {
            return Err(Failure::new(
                "alerts.sms.token would cross the network in the clear: give alerts.sms.url an \
                 https:// address",
            ));
        }
        let addresses = [
            ("alerts.mail.server", &self.alerts.mail.server),
            ("alerts.slack.url", &self.alerts.slack.url),
            ("sentry_dsn", &self.sentry_dsn),
        ];
        for (setting, address) in addresses {
            if address.as_ref().is_some_and(is_told_in_the_clear) {
                return Err(Failure::new(format!(
                    "{setting} is a secret and would cross the network in the clear: give it an \
                     address with TLS, https:// or for mail smtps://"
                )));
            }
        }
        let tokens = [
            ("TENANCY_METRICS__TOKEN", &self.metrics.token),
            ("TENANCY_HEALTH__TOKEN", &self.health.token),
        ];
        for (setting, token) in tokens {
            let length = token.as_ref().map(|token| token.expose().chars().count());
            if length.is_some_and(|length| length < TOKEN_CHARS_MIN) {
                return Err(Failure::new(format!(
                    "{setting} can be guessed: give it at least {TOKEN_CHARS_MIN} random \
                     characters, for example from `openssl rand -hex 32`"
                )));
            }
        }
        if let Some(setting) = self.push.shows_secret() {
            return Err(Failure::new(format!(
                "the secret of {setting} would cross the network in the clear: give {setting}.url \
                 an https:// address"
            )));
        }
        if self.metrics.enabled && self.metrics.token.is_none() && !self.origin().is_loopback() {
            return Err(Failure::new(
                "/metrics tells of shops by name, and other machines reach this server: set \
                 TENANCY_METRICS__TOKEN, for example to what `openssl rand -hex 32` prints",
            ));
        }
        let exposed = !self.listen.ip().is_loopback();
        if exposed && self.public_url.is_none() {
            return Err(Failure::new(format!(
                "{} is reachable from other machines: say with --public-url at which https:// \
                 address they find the server, or listen on 127.0.0.1",
                self.listen
            )));
        }
        let public = self
            .public_url
            .as_ref()
            .is_some_and(|url| !url.is_loopback());
        match &self.secret {
            Some(secret) if secret.expose().chars().count() < SECRET_CHARS_MIN => {
                Err(Failure::new(format!(
                    "TENANCY_SECRET is too short to be safe: give it at least {SECRET_CHARS_MIN} \
                     random characters, for example from `openssl rand -hex 32`"
                )))
            }
            None if exposed || public => Err(Failure::new(
                "TENANCY_SECRET is not set, and other machines reach this server: set it to at \
                 least 32 random characters, the same on every node, for example from \
                 `openssl rand -hex 32`",
            )),
            _ => Ok(()),
        }
    }
}
