use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

use super::refused::Refused;

/// The id in a record's address. What is no id names no record, so it is 404 like an unknown one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Id<T>(pub(super) T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        let id = text.ok().and_then(|Path(text)| text.parse().ok());
        id.map(Self).ok_or_else(Refused::not_found)
    }
}
