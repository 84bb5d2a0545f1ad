use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tenancy_core::TenantScope;
use tenancy_core::tenant::Setting;

/// What is done about what is found.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// A request is refused for the first finding whose severity
    /// [blocks](super::Severity::blocks).
    #[default]
    Block,
    /// Nothing is refused; what is found is reported, and so is what could not be looked at.
    Observe,
    /// Nothing is looked at.
    Off,
    /// A request is refused once the [scores](super::Severity::score) of its findings add up to this.
    Score(u32),
}

impl Mode {
    /// Whether a request may be refused at all.
    pub(super) fn refuses(self) -> bool {
        matches!(self, Self::Block | Self::Score(_))
    }
}

/// Says in which mode a tenant's requests are looked at, or the platform's where there is no scope.
///
/// It is asked for each request, so a tenant's setting counts from the next one on. A closure
/// `Fn(Option<&TenantScope>) -> Option<Mode>` is one.
pub trait ModeOf: Send + Sync + 'static {
    /// The tenant's own mode; `None` for the layer's.
    fn mode(&self, scope: Option<&TenantScope>) -> Option<Mode>;
}

impl<F> ModeOf for F
where
    F: Fn(Option<&TenantScope>) -> Option<Mode> + Send + Sync + 'static,
{
    fn mode(&self, scope: Option<&TenantScope>) -> Option<Mode> {
        self(scope)
    }
}

/// The text is no [`Mode`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a mode is block, observe, off or score=N")]
pub struct InvalidMode;

impl FromStr for Mode {
    type Err = InvalidMode;

    fn from_str(text: &str) -> Result<Self, InvalidMode> {
        match text {
            "block" => Ok(Self::Block),
            "observe" => Ok(Self::Observe),
            "off" => Ok(Self::Off),
            _ => {
                let score = text.strip_prefix("score=").ok_or(InvalidMode)?;
                score.parse().map(Self::Score).map_err(|_| InvalidMode)
            }
        }
    }
}

/// The setting that holds a tenant's own mode, as in `"observe"` or `{"score":15}`; none by default.
#[derive(Debug)]
pub enum OwnMode {}

impl Setting for OwnMode {
    const KEY: &'static str = "threat_mode";
    type Value = Option<Mode>;

    fn default() -> Option<Mode> {
        None
    }
}

/// Takes a tenant's mode from its settings, where it has an [`OwnMode`].
#[derive(Clone, Copy, Debug, Default)]
pub struct TenantModes;

impl ModeOf for TenantModes {
    fn mode(&self, scope: Option<&TenantScope>) -> Option<Mode> {
        scope?.tenant().settings.get::<OwnMode>()
    }
}
