use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The longest id or name of an actor, in bytes; longer ones are cut at a character.
const TEXT_BYTES_MAX: usize = 200;

/// Who does a piece of work, as the journal will name them.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Actor {
    kind: Kind,
    id: Option<Arc<str>>,
    name: Arc<str>,
    on_behalf_of: Option<Arc<Self>>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Anonymous,
    Job,
    Key,
    System,
    User,
}

/// The stored form of an actor could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no kind of actor")]
pub struct InvalidActor(String);

impl Actor {
    /// A visitor who has not signed in.
    pub fn anonymous() -> Self {
        Self::of(Kind::Anonymous, None, "anonymous")
    }

    /// A background job.
    pub fn job(name: &str) -> Self {
        Self::of(Kind::Job, None, name)
    }

    /// A program that signed in with an API key.
    pub fn key(id: &str, name: &str) -> Self {
        Self::of(Kind::Key, Some(id), name)
    }

    /// The platform itself, such as a command line or a clean-up.
    pub fn system(name: &str) -> Self {
        Self::of(Kind::System, None, name)
    }

    /// A person who signed in.
    pub fn user(id: &str, name: &str) -> Self {
        Self::of(Kind::User, Some(id), name)
    }

    /// This actor working for another, such as an operator who acts as a shop's user.
    #[must_use]
    pub fn on_behalf_of(mut self, other: Self) -> Self {
        self.on_behalf_of = Some(Arc::new(other));
        self
    }

    /// Whether nobody has signed in.
    pub fn is_anonymous(&self) -> bool {
        self.kind == Kind::Anonymous
    }

    /// `anonymous`, `job`, `key`, `system` or `user`.
    pub fn kind(&self) -> &'static str {
        match self.kind {
            Kind::Anonymous => "anonymous",
            Kind::Job => "job",
            Kind::Key => "key",
            Kind::System => "system",
            Kind::User => "user",
        }
    }

    /// The user's or key's id.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The name shown to people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whom this actor works for, if for another.
    pub fn principal(&self) -> Option<&Self> {
        self.on_behalf_of.as_deref()
    }

    fn of(kind: Kind, id: Option<&str>, name: &str) -> Self {
        Self {
            kind,
            id: id.map(cut),
            name: cut(name),
            on_behalf_of: None,
        }
    }
}

fn cut(text: &str) -> Arc<str> {
    text[..text.floor_char_boundary(TEXT_BYTES_MAX)].into()
}

/// How an actor stands in JSON and in the journal.
#[derive(Deserialize, Serialize)]
struct Stored {
    kind: String,
    id: Option<String>,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on_behalf_of: Option<Box<Self>>,
}

impl From<&Actor> for Stored {
    fn from(actor: &Actor) -> Self {
        Self {
            kind: actor.kind().to_owned(),
            id: actor.id().map(str::to_owned),
            name: actor.name().to_owned(),
            on_behalf_of: actor.principal().map(|actor| Box::new(actor.into())),
        }
    }
}

impl TryFrom<Stored> for Actor {
    type Error = InvalidActor;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let kind = [
            Kind::Anonymous,
            Kind::Job,
            Kind::Key,
            Kind::System,
            Kind::User,
        ]
        .into_iter()
        .find(|kind| Self::of(*kind, None, "").kind() == stored.kind)
        .ok_or_else(|| InvalidActor(stored.kind.clone()))?;
        let mut actor = Self::of(kind, stored.id.as_deref(), &stored.name);
        if let Some(other) = stored.on_behalf_of {
            actor = actor.on_behalf_of((*other).try_into()?);
        }
        Ok(actor)
    }
}

impl Serialize for Actor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Stored::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Actor {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Stored::deserialize(deserializer)?
            .try_into()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_survives_its_stored_form_with_whom_it_works_for() {
        let actor = Actor::user("7", "Ada").on_behalf_of(Actor::key("9", "till"));
        let json = serde_json::to_string(&actor).unwrap();
        assert_eq!(
            json,
            r#"{"kind":"user","id":"7","name":"Ada","on_behalf_of":{"kind":"key","id":"9","name":"till"}}"#
        );
        assert_eq!(serde_json::from_str::<Actor>(&json).unwrap(), actor);
    }

    #[test]
    fn long_names_are_cut_at_a_character() {
        let actor = Actor::job(&"ä".repeat(150));
        assert_eq!(actor.name(), "ä".repeat(100));
    }
}
