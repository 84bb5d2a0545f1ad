//! The baseline: a server of its own with nothing between axum and the transaction.

use std::error::Error;
use std::net::SocketAddr;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;
use tenancy_commerce::catalog::{Product, ProductQuery, ProductStatus, SqlCatalog};
use tenancy_core::sql::Database;
use tenancy_core::{Purpose, TenantScope};
use tenancy_tests::Server;
use tokio::net::TcpListener;

use crate::place;

/// The first argument, by which this program becomes the baseline.
pub(crate) const PROGRAM: &str = "bare";

#[derive(Clone)]
struct Bare {
    database: Database,
    scope: TenantScope,
    /// Does not depend on what is read, so that the baseline seals nothing.
    next_cursor: Option<String>,
}

#[derive(Serialize)]
struct List {
    data: Vec<Product>,
    next_cursor: Option<String>,
}

/// Starts this program again as the baseline.
pub(crate) async fn start(
    location: &str,
    slug: &str,
    next_cursor: Option<&str>,
) -> Result<(Server, SocketAddr), Box<dyn Error>> {
    let address = Server::free_address();
    let listen = address.to_string();
    let server = Server::builder(std::env::current_exe()?)
        .args([PROGRAM, location, slug, &listen])
        .args(next_cursor)
        .ready_when_answering(address);
    Ok((server.start().await, address))
}

pub(crate) async fn serve(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [location, slug, listen, next_cursor @ ..] = arguments else {
        return Err("usage: bare LOCATION SLUG ADDRESS [CURSOR]".into());
    };
    let (database, scope) = place::open(location, slug, Purpose::Request).await?;
    let bare = Bare {
        database,
        scope,
        next_cursor: next_cursor.first().cloned(),
    };
    let app = Router::new()
        .route("/api/products", get(list))
        .route("/livez", get(StatusCode::OK))
        .with_state(bare);
    Ok(axum::serve(TcpListener::bind(listen).await?, app).await?)
}

async fn list(State(bare): State<Bare>) -> Result<Json<List>, StatusCode> {
    let query = ProductQuery {
        status: Some(ProductStatus::Published),
        ..ProductQuery::default()
    };
    let read = async {
        let mut tx = bare.database.read(&bare.scope).await?;
        let page = SqlCatalog::list_in(&mut tx, &query).await?;
        tx.commit().await?;
        Ok::<_, tenancy_commerce::Error>(page.items)
    };
    let data = read.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let next_cursor = bare.next_cursor;
    Ok(Json(List { data, next_cursor }))
}
