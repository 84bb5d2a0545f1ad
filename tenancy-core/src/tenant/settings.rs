use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The largest settings document of one tenant, in bytes of JSON.
const BYTES_MAX: usize = 64 * 1024;

/// One typed setting: its key, its type and what holds when it is absent.
///
/// ```
/// use tenancy_core::tenant::{Setting, Settings};
///
/// struct Greeting;
/// impl Setting for Greeting {
///     const KEY: &'static str = "greeting";
///     type Value = String;
///     fn default() -> String {
///         "hello".into()
///     }
/// }
///
/// let mut settings = Settings::default();
/// assert_eq!(settings.get::<Greeting>(), "hello");
/// settings.set::<Greeting>(&"moin".into())?;
/// assert_eq!(settings.get::<Greeting>(), "moin");
/// # Ok::<(), tenancy_core::tenant::InvalidSetting>(())
/// ```
pub trait Setting {
    /// The key under which it is stored; unique in an application.
    const KEY: &'static str;
    /// What is stored.
    type Value: Serialize + DeserializeOwned;

    /// What holds when the tenant has not set it.
    fn default() -> Self::Value;
}

/// A tenant's settings: at most 64 KiB of JSON, read and written through [`Setting`]s.
///
/// A stored value that no longer has its setting's type reads as the default, so that an
/// application can be rolled back; [`get_strict`](Self::get_strict) tells.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(from = "Document", into = "Document")]
pub struct Settings(Option<Box<Document>>); // `None` when empty, so that most records stay small

type Document = BTreeMap<String, Value>;

/// A setting cannot be stored or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSetting {
    /// The stored or given value is not of the setting's type.
    #[error("the value of setting {key} is not of its type")]
    Type {
        /// The setting's key.
        key: &'static str,
        /// What serde said.
        source: serde_json::Error,
    },
    /// The document would be over 64 KiB.
    #[error("a tenant's settings take at most 64 KiB")]
    Size,
}

impl Settings {
    /// The setting's value, or its default.
    pub fn get<S: Setting>(&self) -> S::Value {
        self.get_strict::<S>()
            .ok()
            .flatten()
            .unwrap_or_else(S::default)
    }

    /// The stored value, `None` when absent, and an error when it is not of its type.
    pub fn get_strict<S: Setting>(&self) -> Result<Option<S::Value>, InvalidSetting> {
        let Some(value) = self.0.as_ref().and_then(|all| all.get(S::KEY)) else {
            return Ok(None);
        };
        S::Value::deserialize(value)
            .map(Some)
            .map_err(|source| InvalidSetting::Type {
                key: S::KEY,
                source,
            })
    }

    /// Stores a value; on an error nothing has changed.
    pub fn set<S: Setting>(&mut self, value: &S::Value) -> Result<(), InvalidSetting> {
        let value = serde_json::to_value(value).map_err(|source| InvalidSetting::Type {
            key: S::KEY,
            source,
        })?;
        let mut document = Document::from(self.clone());
        document.insert(S::KEY.to_owned(), value);
        if serde_json::to_vec(&document).is_ok_and(|json| json.len() <= BYTES_MAX) {
            *self = document.into();
            Ok(())
        } else {
            Err(InvalidSetting::Size)
        }
    }

    /// Back to the default.
    pub fn unset<S: Setting>(&mut self) {
        let mut document = Document::from(std::mem::take(self));
        document.remove(S::KEY);
        *self = document.into();
    }
}

impl From<Document> for Settings {
    fn from(document: Document) -> Self {
        Self((!document.is_empty()).then(|| Box::new(document)))
    }
}

impl From<Settings> for Document {
    fn from(settings: Settings) -> Self {
        settings.0.map(|document| *document).unwrap_or_default()
    }
}

/// The language of a tenant's pages, as a BCP 47 tag; `en` by default.
#[derive(Debug)]
pub enum Locale {}

impl Setting for Locale {
    const KEY: &'static str = "locale";
    type Value = String;

    fn default() -> String {
        "en".to_owned()
    }
}

/// The time zone in which a tenant's days begin, by its IANA name; `UTC` by default.
#[derive(Debug)]
pub enum TimeZone {}

impl Setting for TimeZone {
    const KEY: &'static str = "time_zone";
    type Value = String;

    fn default() -> String {
        "UTC".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_over_its_bound_is_refused_and_nothing_changes() {
        let mut settings = Settings::default();
        settings.set::<Locale>(&"de".to_owned()).unwrap();
        let before = settings.clone();
        let error = settings.set::<Locale>(&"x".repeat(BYTES_MAX)).unwrap_err();
        assert!(matches!(error, InvalidSetting::Size));
        assert_eq!(settings, before);
    }

    #[test]
    fn a_value_of_another_type_reads_as_the_default_and_strictly_as_an_error() {
        let settings: Settings = serde_json::from_str(r#"{"locale":7}"#).unwrap();
        assert_eq!(settings.get::<Locale>(), "en");
        assert!(settings.get_strict::<Locale>().is_err());
        assert_eq!(settings.get_strict::<TimeZone>().unwrap(), None);
    }
}
