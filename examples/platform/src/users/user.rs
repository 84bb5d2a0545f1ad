use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use tenancy_core::Actor;
use tenancy_core::journal::Resource;
use tenancy_core::time::Time;
use tenancy_security::credential::PasswordHash;
use uuid::Uuid;

use super::email::Email;

/// The longest name of a person, in characters.
pub(crate) const NAME_CHARS_MAX: usize = 100;

/// Somebody who can sign in.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub(crate) struct User {
    pub(crate) id: Uuid,
    pub(crate) email: Email,
    pub(crate) name: UserName,
    pub(crate) role: Role,
    pub(crate) created_at: Time,
    pub(crate) disabled_at: Option<Time>,
}

/// The same, with what their password is known by; nothing of that is ever written down elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) user: User,
    pub(crate) password_hash: PasswordHash,
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Runs the platform.
    Operator,
    /// Works for a shop.
    Staff,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no role is called so")]
pub(crate) struct InvalidRole;

/// What somebody is called.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct UserName(Box<str>);

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a person's name has 1 to {NAME_CHARS_MAX} characters on one line")]
pub(crate) struct InvalidUserName;

impl User {
    /// Somebody new.
    pub(crate) fn new(email: Email, name: UserName, role: Role) -> Self {
        Self {
            id: Uuid::now_v7(),
            email,
            name,
            role,
            created_at: Time::now(),
            disabled_at: None,
        }
    }

    /// Whom the journal names.
    pub(crate) fn actor(&self) -> Actor {
        Actor::user(&self.id.to_string(), self.name.as_str())
    }
}

impl Resource for User {
    const KIND: &'static str = "user";

    fn resource_id(&self) -> String {
        self.id.to_string()
    }
}

impl Role {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Staff => "staff",
        }
    }
}

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, InvalidRole> {
        let known = [Self::Operator, Self::Staff];
        let role = known.into_iter().find(|role| role.as_str() == text);
        role.ok_or(InvalidRole)
    }
}

impl UserName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for UserName {
    type Err = InvalidUserName;

    fn from_str(text: &str) -> Result<Self, InvalidUserName> {
        let text = text.trim();
        let fits = (1..=NAME_CHARS_MAX).contains(&text.chars().count());
        if fits && !text.contains(char::is_control) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidUserName)
        }
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
