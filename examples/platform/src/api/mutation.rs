use aws_lc_rs::digest::{Context, SHA256};
use axum::extract::{FromRequest, MatchedPath, Request};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::BoxFuture;
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tenancy_commerce::Draft;
use tenancy_core::TenantScope;
use tenancy_core::problem::Problem;
use tenancy_core::sql::{Attempt, IdempotencyKey, TenantTx};

use super::answer::{self, Answer};
use super::body::Body;
use super::refused::Refused;
use super::staff::Staff;
use crate::platform::Platform;

/// A request of staff to change something.
///
/// With an `Idempotency-Key` it takes effect once, however often it is sent: the answer is kept
/// in the transaction of the change, and a repetition gets the same bytes.
#[derive(Debug)]
pub(super) struct Mutation {
    platform: Platform,
    scope: TenantScope,
    key: Option<IdempotencyKey>,
    body: Body,
}

impl Mutation {
    /// A change whose body was read as it came; `sent` stands for what it said.
    pub(super) fn of_stream(
        platform: &Platform,
        parts: &Parts,
        scope: &TenantScope,
        sent: &[u8],
    ) -> Result<Self, Refused> {
        Ok(Self {
            platform: platform.clone(),
            key: key(parts, scope, sent)?,
            scope: scope.clone(),
            body: Body::default(),
        })
    }

    /// For whom, and by whom.
    pub(super) fn scope(&self) -> &TenantScope {
        &self.scope
    }

    /// The body as a whole record.
    pub(super) fn draft<D: Draft>(&self) -> Result<D, Refused> {
        Ok(D::from_json(self.json()?)?)
    }

    /// The body as a merge patch (RFC 7396), or another small object.
    pub(super) fn object<T: DeserializeOwned>(&self) -> Result<T, Refused> {
        self.body.object()
    }

    pub(super) fn json(&self) -> Result<Value, Refused> {
        self.body.json()
    }

    /// Does the work in a transaction and commits it with its answer; a repetition gets the
    /// answer that was given before.
    pub(super) async fn run<F>(self, work: F) -> Result<Response, Refused>
    where
        F: for<'t> FnOnce(&'t mut TenantTx) -> BoxFuture<'t, Result<Answer, Refused>>,
    {
        let database = self.platform.database();
        let mut tx = match &self.key {
            None => database.write(&self.scope).await?,
            Some(key) => match database.write_once(&self.scope, key).await? {
                Attempt::First(tx) => tx,
                Attempt::Replay(reply) => return Ok(answer::replay(reply)),
            },
        };
        match work(&mut tx).await {
            Ok(answer) => {
                tx.commit_with(answer.reply()).await?;
                Ok(answer.into_response())
            }
            Err(refused) => {
                // Waited for, so that the key is free again when the client reads this.
                if let Err(error) = tx.roll_back().await {
                    tracing::warn!(%error, "a refused change was undone by closing its connection");
                }
                Err(refused)
            }
        }
    }
}

impl FromRequest<Platform> for Mutation {
    type Rejection = Refused;

    async fn from_request(request: Request, platform: &Platform) -> Result<Self, Refused> {
        use axum::extract::FromRequestParts as _;

        let (mut parts, body) = request.into_parts();
        let Staff(scope) = Staff::from_request_parts(&mut parts, platform).await?;
        let body = Body::from_request(Request::from_parts(parts.clone(), body), platform).await?;
        Ok(Self {
            platform: platform.clone(),
            key: key(&parts, &scope, body.bytes())?,
            scope,
            body,
        })
    }
}

/// The client's key, which is another one for another caller and another route.
fn key(parts: &Parts, scope: &TenantScope, body: &[u8]) -> Result<Option<IdempotencyKey>, Refused> {
    let mut values = parts.headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let bad =
        |detail: &'static str| Refused::from(Problem::new(StatusCode::BAD_REQUEST).detail(detail));
    if values.next().is_some() {
        return Err(bad("one Idempotency-Key at most"));
    }
    let route = parts.extensions.get::<MatchedPath>();
    let route = route.map_or(parts.uri.path(), MatchedPath::as_str);
    let actor = scope.actor();
    let who = actor.id().unwrap_or_else(|| actor.name());
    let caller = format!("{} {who} {} {route}", actor.kind(), parts.method);
    let mut fingerprint = Context::new(&SHA256);
    fingerprint.update(parts.uri.path().as_bytes());
    fingerprint.update(b"\n");
    fingerprint.update(body);
    let fingerprint = URL_SAFE_NO_PAD.encode(fingerprint.finish());
    let text = value.to_str().unwrap_or_default();
    IdempotencyKey::new(caller, text, fingerprint)
        .map(Some)
        .map_err(|_| bad("an Idempotency-Key has 1 to 255 visible ASCII characters"))
}
