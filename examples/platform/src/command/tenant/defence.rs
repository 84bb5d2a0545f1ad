use std::str::FromStr;

use clap::{Args, ValueEnum as _};
use tenancy_core::tenant::{InvalidSetting, Settings};
use tenancy_security::headers::csp::{
    Additions, Directive, FrameAncestor, OwnAdditions, TooManySources,
};
use tenancy_security::origin::{Origin, OwnOrigins};
use tenancy_security::rate_limit::{OwnQuotas, Quota};
use tenancy_security::threat::{InvalidMode, Mode, OwnMode};

use crate::config::{Limit, Rate};

/// What a tenant's defence differs in; what is not given stays as it is.
#[derive(Args, Clone, Debug)]
pub(super) struct Defence {
    /// A limit of its own, such as api=5000/h; api=plan for its plan's again
    #[arg(long = "limit", value_name = "NAME=RATE")]
    limits: Vec<OwnLimit>,
    /// What is done about attacks: block, observe, score=N or off; default for the platform's again
    #[arg(long, value_name = "MODE", value_parser = mode)]
    threat_mode: Option<ThreatMode>,
    /// The origins whose scripts may read its answers, with commas between; without any for none
    #[arg(long, value_name = "ORIGINS", value_delimiter = ',', num_args = 0..)]
    cors_origins: Option<Vec<Origin>>,
    /// The origins that may frame its pages beside its own domains; without any for none
    #[arg(long, value_name = "ORIGINS", value_delimiter = ',', num_args = 0..)]
    frame_ancestors: Option<Vec<FrameAncestor>>,
    /// What else its pages may load, for each directive such as img-src; without any for nothing
    #[arg(long, value_name = "DIRECTIVE=ORIGIN", value_delimiter = ',', num_args = 0..)]
    page_sources: Option<Vec<PageSource>>,
}

/// One of a tenant's own quotas, or none in its place.
#[derive(Clone, Debug)]
struct OwnLimit(Limit, Option<Quota>);

/// A mode of a tenant's own, or none.
#[derive(Clone, Copy, Debug)]
struct ThreatMode(Option<Mode>);

#[derive(Clone, Debug)]
struct PageSource(Directive, Origin);

/// What was given is no setting of a tenant's.
#[derive(Debug, thiserror::Error)]
pub(super) enum InvalidDefence {
    #[error(transparent)]
    Setting(#[from] InvalidSetting),
    #[error(transparent)]
    Sources(#[from] TooManySources),
}

impl Defence {
    pub(super) fn write(&self, settings: &mut Settings) -> Result<(), InvalidDefence> {
        if !self.limits.is_empty() {
            let mut quotas = settings.get::<OwnQuotas>().unwrap_or_default();
            for OwnLimit(limit, quota) in &self.limits {
                match quota {
                    Some(quota) => drop(quotas.0.insert(limit.name().into(), *quota)),
                    None => drop(quotas.0.remove(limit.name().as_str())),
                }
            }
            match quotas.0.is_empty() {
                true => settings.unset::<OwnQuotas>(),
                false => settings.set::<OwnQuotas>(&Some(quotas))?,
            }
        }
        match self.threat_mode {
            Some(ThreatMode(Some(mode))) => settings.set::<OwnMode>(&Some(mode))?,
            Some(ThreatMode(None)) => settings.unset::<OwnMode>(),
            None => {}
        }
        if let Some(origins) = &self.cors_origins {
            settings.set::<OwnOrigins>(origins)?;
        }
        if self.frame_ancestors.is_some() || self.page_sources.is_some() {
            let own = settings.get::<OwnAdditions>();
            settings.set::<OwnAdditions>(&self.change(&own)?)?;
        }
        Ok(())
    }

    fn change(&self, own: &Additions) -> Result<Additions, TooManySources> {
        let mut changed = Additions::new();
        match &self.page_sources {
            Some(sources) => {
                for PageSource(directive, origin) in sources {
                    changed = changed.allow(*directive, origin.clone())?;
                }
            }
            None => {
                for (directive, origin) in own.sources() {
                    changed = changed.allow(*directive, origin.clone())?;
                }
            }
        }
        let ancestors = self.frame_ancestors.as_deref();
        for ancestor in ancestors.unwrap_or_else(|| own.frame_ancestors()) {
            changed = changed.framed_by(ancestor.clone())?;
        }
        Ok(changed)
    }
}

fn mode(text: &str) -> Result<ThreatMode, InvalidMode> {
    match text {
        "default" => Ok(ThreatMode(None)),
        text => text.parse().map(Some).map(ThreatMode),
    }
}

impl FromStr for OwnLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, rate) = text.split_once('=').ok_or("as in api=5000/h")?;
        let limit = Limit::from_str(name, false).map_err(|_| {
            let known = Limit::value_variants().iter().map(|limit| limit.as_str());
            format!("the limits are {}", known.collect::<Vec<_>>().join(", "))
        })?;
        match rate {
            "plan" => Ok(Self(limit, None)),
            rate => match rate.parse() {
                Ok(Rate(quota)) => Ok(Self(limit, Some(quota))),
                Err(error) => Err(error.to_string()),
            },
        }
    }
}

impl FromStr for PageSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (directive, origin) = text
            .split_once('=')
            .ok_or("as in img-src=https://cdn.example")?;
        let directive = directive.parse::<Directive>();
        let directive = directive.map_err(|error| error.to_string())?;
        let origin = origin.parse::<Origin>();
        Ok(Self(directive, origin.map_err(|error| error.to_string())?))
    }
}
