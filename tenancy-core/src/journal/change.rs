use serde::Serialize;
use serde_json::Value;

/// The largest picture of a resource that an entry keeps, in bytes of JSON.
pub(super) const PICTURE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Something whose changes are journaled.
///
/// What it serializes to is what the journal shows before and after; a secret is a type that
/// serializes to nothing of itself.
pub trait Resource: Serialize {
    /// What it is, as a singular noun such as `product`.
    const KIND: &'static str;

    /// Which one.
    fn resource_id(&self) -> String;
}

/// One change, noted in a transaction for the journal.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub(super) action: &'static str,
    pub(super) resource: &'static str,
    pub(super) resource_id: String,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
}

impl Change {
    /// The resource came to be.
    pub fn created<R: Resource>(after: &R) -> Self {
        Self::of::<R>("created", after.resource_id(), None, Some(picture(after)))
    }

    /// The resource changed.
    pub fn updated<R: Resource>(before: &R, after: &R) -> Self {
        Self::of::<R>(
            "updated",
            after.resource_id(),
            Some(picture(before)),
            Some(picture(after)),
        )
    }

    /// The resource is gone.
    pub fn deleted<R: Resource>(before: &R) -> Self {
        Self::of::<R>("deleted", before.resource_id(), Some(picture(before)), None)
    }

    /// Something of the domain's own happened, such as `placed` or `suspended`.
    pub fn happened<R: Resource>(verb: &'static str, before: Option<&R>, after: &R) -> Self {
        Self::of::<R>(
            verb,
            after.resource_id(),
            before.map(picture),
            Some(picture(after)),
        )
    }

    /// The verb.
    pub fn action(&self) -> &'static str {
        self.action
    }

    /// What kind of thing changed.
    pub fn resource(&self) -> &'static str {
        self.resource
    }

    /// Which one.
    pub fn resource_id(&self) -> &str {
        &self.resource_id
    }

    fn of<R: Resource>(
        action: &'static str,
        resource_id: String,
        before: Option<Value>,
        after: Option<Value>,
    ) -> Self {
        Self {
            action,
            resource: R::KIND,
            resource_id,
            before,
            after,
        }
    }
}

/// A resource that cannot be shown as JSON is a mistake in its type; the journal says so rather
/// than losing the entry.
fn picture<R: Resource>(resource: &R) -> Value {
    serde_json::to_value(resource)
        .unwrap_or_else(|error| serde_json::json!({ "unserializable": error.to_string() }))
}
