use axum::extract::FromRequestParts;
use http::Uri;
use http::request::Parts;
use serde::de::DeserializeOwned;
use tenancy_commerce::json::describe;

use super::refused::Refused;

/// Parameters of a query; a value that cannot be read is refused by its name.
#[derive(Clone, Debug)]
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned> Params<T> {
    pub(super) fn of(address: &Uri) -> Result<Self, Refused> {
        let query = address.query().unwrap_or_default().as_bytes();
        // PostgreSQL has no such text, so nothing is found by it.
        if let Some((name, _)) = form_urlencoded::parse(query).find(|(_, text)| text.contains('\0'))
        {
            return Err(Refused::invalid(name, "contains a NUL character"));
        }
        let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query));
        let read = serde_path_to_error::deserialize(pairs);
        read.map(Self).map_err(|error| {
            let (path, message) = (error.path().to_string(), error.into_inner().to_string());
            let (name, message) = describe(&path, &message);
            Refused::invalid(name, message)
        })
    }
}

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        Self::of(&parts.uri)
    }
}
