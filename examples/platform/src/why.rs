//! Why the server serves an entry of its cache, or why not.

use std::time::Duration;

use http::Uri;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tenancy_cache::class::{Class, PRODUCT_LISTS};
use tenancy_cache::{Facts, Key};
use tenancy_commerce::catalog::{CATEGORIES, PRODUCTS};
use tenancy_core::Slug;

use crate::api;
use crate::failure::Failure;
use crate::platform::Platform;

/// The classes that shops have entries of.
pub(crate) const CLASSES: [Class; 3] = [PRODUCT_LISTS, PRODUCTS, CATEGORIES];

/// Which entry is wondered about.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Question {
    pub(crate) tenant: Slug,
    pub(crate) of: Sought,
}

/// An entry as people know it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Sought {
    /// What the answer of the shop's API at this address is made of.
    Address(String),
    Entry {
        class: String,
        key: Vec<String>,
    },
}

/// How it stands.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Reason {
    pub(crate) tenant: Slug,
    /// `None` where what was asked for never comes from the cache, like `key`.
    pub(crate) class: Option<String>,
    pub(crate) key: Option<String>,
    /// One word for programs.
    pub(crate) verdict: Value,
    /// A sentence for people.
    pub(crate) because: String,
    pub(crate) loading: bool,
    pub(crate) entry: Option<Known>,
}

/// What is known of an entry.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Known {
    /// Whether it says that there is no such thing.
    pub(crate) absence: bool,
    pub(crate) bytes: u64,
    pub(crate) age_seconds: f64,
    pub(crate) fresh_for_seconds: f64,
    pub(crate) stale_for_seconds: f64,
    pub(crate) flushed: Vec<String>,
}

impl Question {
    pub(crate) async fn answer(&self, platform: &Platform) -> Result<Reason, Failure> {
        let cache = platform.cache().ok_or_else(|| {
            Failure::new("the server works without its cache: cache.enabled is false")
        })?;
        let tenant = platform.tenant(&self.tenant).await?;
        let scope = platform.scope().tenant(tenant.id).await?;
        let entry = match &self.of {
            Sought::Entry { class, key } => Some((class_of(class)?, key_of(key)?)),
            Sought::Address(address) => {
                let address: Uri = address.parse().map_err(|error| {
                    Failure::from(error).context(format_args!("{address} is no address"))
                })?;
                let read = api::read_at(platform, &scope, &address)?;
                platform.catalog().entry_of(&read)
            }
        };
        let Some((class, key)) = entry else {
            return Ok(Reason {
                tenant: tenant.slug,
                class: None,
                key: None,
                verdict: "passes_through".into(),
                because: "not served: searches and what follows a first page are read each time"
                    .to_owned(),
                loading: false,
                entry: None,
            });
        };
        let why = cache.tenant(&scope)?.why(&class, key.clone()).await?;
        Ok(Reason {
            tenant: tenant.slug,
            class: Some(class.name().to_owned()),
            key: Some(key.to_string()),
            verdict: serde_json::to_value(why.verdict)?,
            because: why.verdict.to_string(),
            loading: why.loading,
            entry: why.entry.map(Known::from),
        })
    }
}

impl From<Facts> for Known {
    fn from(facts: Facts) -> Self {
        let seconds = |time: Duration| (time.as_secs_f64() * 1_000.0).round() / 1_000.0;
        Self {
            absence: facts.absence,
            bytes: facts.bytes,
            age_seconds: seconds(facts.age),
            fresh_for_seconds: seconds(facts.fresh_for),
            stale_for_seconds: seconds(facts.stale_for),
            flushed: facts.flushed,
        }
    }
}

fn class_of(name: &str) -> Result<Class, Failure> {
    let found = CLASSES.into_iter().find(|class| class.name() == name);
    found.ok_or_else(|| Failure::new(format!("there is no class {name}")))
}

fn key_of(parts: &[String]) -> Result<Key<'_>, Failure> {
    let (first, rest) = parts
        .split_first()
        .ok_or_else(|| Failure::new("a key has one part at least"))?;
    Ok(rest.iter().fold(Key::from(first.as_str()), Key::part))
}
