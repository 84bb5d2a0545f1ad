use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::web_url::WebUrl;
use super::within::Within;
use crate::secret::Secret;

/// The cache in front of the server, such as a CDN's.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Edge {
    /// Where it is told what to forget; without it nobody is.
    pub(crate) purge_url: Option<WebUrl>,
    /// Shows it who is speaking.
    pub(crate) purge_token: Option<Secret>,
    pub(crate) purge_form: PurgeForm,
    /// How long it may take to answer; below the half minute that the journal waits.
    pub(crate) purge_seconds: Within<1, 25>,
    /// After how many attempts an entry is parked.
    pub(crate) purge_attempts: Within<1, 1000>,
}

/// Whose way of being told it is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PurgeForm {
    /// `{"tags":[…]}`, the token in `Authorization`.
    Cloudflare,
    /// `Surrogate-Key`, the token in `Authorization` and `Fastly-Key`; for a Varnish of one's own too.
    Fastly,
}

impl Default for Edge {
    fn default() -> Self {
        Self {
            purge_url: None,
            purge_token: None,
            purge_form: PurgeForm::Fastly,
            purge_seconds: Within::new(5),
            purge_attempts: Within::new(12),
        }
    }
}

impl Edge {
    pub(crate) fn time_out(&self) -> Duration {
        Duration::from_secs(self.purge_seconds.get())
    }

    /// Whether the token would cross a network in the clear.
    pub(super) fn shows_token(&self) -> bool {
        let is_clear = self.purge_url.as_ref().is_some_and(WebUrl::is_in_the_clear);
        self.purge_token.is_some() && is_clear
    }
}
