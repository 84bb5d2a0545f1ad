//! How the platform is, for its operators' own programs.

use axum::extract::State;
use axum::response::IntoResponse;
use serde::Serialize;
use tenancy_core::json::Json;
use tenancy_observability::alert::{Alert, Delivery, Fate, Silence};

use super::Refused;
use super::reports::{NO_STORE, operator};
use crate::platform::Platform;
use crate::sign_in::Visit;

/// How the parts of the server that answers are, as `/health` tells it to whoever shows the token.
pub(super) async fn health(
    State(platform): State<Platform>,
    visit: Visit,
) -> Result<impl IntoResponse, Refused> {
    operator(&platform, &visit).await?;
    Ok((NO_STORE, Json(platform.health().kept().to_json(true))))
}

/// What is wrong, on all servers.
#[derive(Debug, Serialize)]
struct Wrong {
    alerts: Vec<Alert>,
    silences: Vec<Silence>,
    /// The latest messages that did not arrive.
    dead: Vec<Delivery>,
}

/// What fires, may fire or cannot be told, what nobody is told of, and what nobody could be told.
pub(super) async fn alerts(
    State(platform): State<Platform>,
    visit: Visit,
) -> Result<impl IntoResponse, Refused> {
    operator(&platform, &visit).await?;
    let known = platform.alerts();
    let wrong = Wrong {
        alerts: known.active().await?,
        silences: known.silences().await?,
        dead: known.deliveries(Fate::Dead).await?,
    };
    Ok((NO_STORE, Json(wrong)))
}
