use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::catalog::{ProductDraft, Violation};
use crate::error::{Error, ErrorKind};
use crate::json;

/// Changes to some fields of a record, as RFC 7396 writes them in JSON.
///
/// A field that is absent keeps its value, `null` gives it its default, an object is merged and
/// a list is replaced as a whole. What results is checked like a whole draft.
///
/// ```
/// use tenancy_commerce::ProductPatch;
///
/// let patch: ProductPatch = serde_json::from_str(r#"{"featured": true, "vendor": null}"#)?;
/// assert_eq!(patch, ProductPatch::default().set("featured", true).set("vendor", ()));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub struct Patch<D> {
    fields: Map<String, Value>,
    draft: PhantomData<fn() -> D>,
}

/// Changes to some fields of a product.
pub type ProductPatch = Patch<ProductDraft>;

impl<D> Patch<D> {
    /// Sets a field, named as in JSON; `()` gives it its default.
    ///
    /// # Panics
    /// When the value has no form in JSON, such as a map whose keys are no texts.
    #[must_use]
    pub fn set(mut self, field: &str, value: impl Serialize) -> Self {
        let value = serde_json::to_value(value).expect("the value has a form in JSON");
        self.fields.insert(field.to_owned(), value);
        self
    }

    /// Whether nothing is to change.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

impl<D: Draft> Patch<D> {
    /// The draft with these changes.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) when there is no such field, or the result breaks a rule.
    pub fn apply(&self, current: &D) -> Result<D, Error> {
        let unreadable = |error: serde_json::Error| Error::invalid("", error);
        let mut whole = serde_json::to_value(current).map_err(unreadable)?;
        if let Value::Object(known) = &whole {
            let unknown = self.fields.keys().filter(|name| !known.contains_key(*name));
            let violations: Vec<_> = unknown
                .map(|name| Violation {
                    field: name.clone(),
                    message: "is not a field that can be changed".to_owned(),
                })
                .collect();
            if !violations.is_empty() {
                return Err(ErrorKind::Invalid(violations).into());
            }
        }
        merge(&mut whole, &Value::Object(self.fields.clone()));
        D::from_json(whole)
    }
}

/// A record as somebody wishes it to be, which JSON can write in full.
pub trait Draft: DeserializeOwned + Serialize {
    /// Reads and checks it.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid), with every violation.
    fn from_json(value: Value) -> Result<Self, Error> {
        json::read(value)
    }
}

impl Draft for ProductDraft {
    fn from_json(json: Value) -> Result<Self, Error> {
        Self::from_json(json)
    }
}

/// RFC 7396, section 2.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(object) = target else {
        return;
    };
    for (name, value) in fields {
        if value.is_null() {
            object.remove(name);
        } else {
            merge(object.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

impl<D> Default for Patch<D> {
    fn default() -> Self {
        Self {
            fields: Map::new(),
            draft: PhantomData,
        }
    }
}

impl<D> Clone for Patch<D> {
    fn clone(&self) -> Self {
        Self {
            fields: self.fields.clone(),
            draft: PhantomData,
        }
    }
}

impl<D> PartialEq for Patch<D> {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}

impl<D> std::fmt::Debug for Patch<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Patch").field(&self.fields).finish()
    }
}

impl<'de, D> Deserialize<'de> for Patch<D> {
    fn deserialize<S: Deserializer<'de>>(deserializer: S) -> Result<Self, S::Error> {
        Ok(Self {
            fields: Map::deserialize(deserializer)?,
            draft: PhantomData,
        })
    }
}
