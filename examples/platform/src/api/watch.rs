//! How the platform is, for its operators' own programs.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::IntoResponse;
use serde::Serialize;
use tenancy_core::json::Json;
use tenancy_observability::alert::{Alert, Delivery, Fate, Silence};
use utoipa::ToSchema;

use super::Refused;
use super::reports::{NO_STORE, operator};
use crate::platform::Platform;
use crate::sign_in::Visit;

/// How a server is and its parts, as draft-inadarei-api-health-check has it.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the document that the report makes")]
pub(super) struct HealthDocument {
    /// pass, warn or fail.
    status: String,
    /// What the server is about to do, unless it serves: starting or draining.
    notes: Option<Vec<String>>,
    /// By the part and what is measured of it, such as `database:responseTime`.
    checks: BTreeMap<String, Vec<HealthCheck>>,
}

/// How a part is.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "describes the document that the report makes")]
struct HealthCheck {
    component_id: String,
    component_type: String,
    /// pass, warn or fail.
    status: String,
    observed_value: Option<f64>,
    observed_unit: Option<String>,
    /// When it was looked at.
    #[schema(format = DateTime)]
    time: Option<String>,
    /// What is wrong with it.
    output: Option<String>,
}

/// How the parts of the server that answers are, as `/health` tells it to whoever shows the token
#[utoipa::path(
    get, path = "/platform/api/health", tag = "server", operation_id = "health",
    responses((status = 200, body = HealthDocument)),
)]
pub(super) async fn health(
    State(platform): State<Platform>,
    visit: Visit,
) -> Result<impl IntoResponse, Refused> {
    operator(&platform, &visit).await?;
    Ok((NO_STORE, Json(platform.health().kept().to_json(true))))
}

/// What is wrong, on all servers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Wrong {
    alerts: Vec<Alert>,
    silences: Vec<Silence>,
    /// The latest messages that did not arrive.
    dead: Vec<Delivery>,
}

/// What fires, may fire or cannot be told, what nobody is told of, and what nobody could be told
#[utoipa::path(
    get, path = "/platform/api/alerts", tag = "server", operation_id = "list_alerts",
    responses((status = 200, body = Wrong)),
)]
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
