use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use tenancy_core::TenantId;
use tenancy_core::journal::Resource;
use tenancy_core::time::Time;
use uuid::Uuid;

use super::key::ApiKey;

/// The longest name of a key, in characters.
const NAME_CHARS_MAX: usize = 100;

/// What a key is for, in its owner's words.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct KeyName(Box<str>);

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a key's name has 1 to {NAME_CHARS_MAX} characters on one line")]
pub(crate) struct InvalidKeyName;

impl KeyName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyName {
    type Err = InvalidKeyName;

    fn from_str(text: &str) -> Result<Self, InvalidKeyName> {
        let text = text.trim();
        let fits = (1..=NAME_CHARS_MAX).contains(&text.chars().count());
        if fits && !text.contains(char::is_control) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidKeyName)
        }
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is known of a key once it has been issued.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct KeyRecord {
    pub(crate) id: Uuid,
    #[serde(skip)]
    pub(crate) tenant_id: TenantId,
    pub(crate) name: KeyName,
    /// The beginning of the key, so that people can tell theirs apart.
    pub(crate) prefix: String,
    pub(crate) created_at: Time,
    pub(crate) revoked_at: Option<Time>,
}

impl Resource for KeyRecord {
    const KIND: &'static str = "api_key";

    fn resource_id(&self) -> String {
        self.id.to_string()
    }
}

/// A key just issued: the only moment when it can be shown.
#[derive(Debug)]
pub(crate) struct IssuedKey {
    pub(crate) key: ApiKey,
    pub(crate) record: KeyRecord,
}
