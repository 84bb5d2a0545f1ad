//! The console over HTTP, for those who run the platform. Shops have none.

mod advice;
mod operator;
mod overview;
mod shops;
mod tables;

use axum::Router;
use axum::routing::{get, post};

use self::operator::Operator;
use crate::pages::{RESEND_PATH, Room, TEST_PATH};
use crate::platform::Platform;

/// The rooms of the console.
pub(super) fn routes() -> Router<Platform> {
    Router::new()
        .route(Room::Overview.path(), get(overview::page))
        .route("/platform/live", get(overview::live))
        .route(Room::Shops.path(), get(shops::page))
        .route(Room::SlowStatements.path(), get(tables::slow_statements))
        .route(Room::Advice.path(), get(advice::page))
        .route(Room::Alerts.path(), get(tables::alerts))
        .route(RESEND_PATH, post(tables::resend))
        .route(TEST_PATH, post(tables::test))
        .route(Room::Health.path(), get(tables::health))
        .route(Room::Blocks.path(), get(tables::blocks))
        .route(Room::Journal.path(), get(tables::journal))
}
