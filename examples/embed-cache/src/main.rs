//! A cache for the accounts of a server that was there before: no database, no Redis.
//!
//! Run it with `cargo run -p embed-cache`, then type `curl http://acme.localhost:3000` twice: the
//! goods are read once. Add some with `curl -d rope http://acme.localhost:3000`, and list them again.

mod goods;

use std::{env, error::Error};

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use tenancy_cache::{Cache, Flush, Tag, class::PRODUCT_LISTS};
use tenancy_core::{TenantScope, Tenants, layer::TenantLayer, resolve::Sources};
use tokio::net::TcpListener;

use crate::goods::Goods;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let app = app(&Tenants::from_fn(goods::account))?;
    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}

fn app(tenants: &Tenants) -> Result<Router, Box<dyn Error>> {
    let layer = TenantLayer::new(tenants, Sources::new().subdomains_of("localhost".parse()?));
    let goods = Router::new().route("/", get(list).post(add)).layer(layer);
    Ok(goods.with_state((Goods::default(), Cache::new(tenants))))
}

async fn list(
    scope: TenantScope,
    State((goods, cache)): State<(Goods, Cache)>,
) -> Result<Json<Vec<String>>, StatusCode> {
    let tags = [Tag::new("goods")];
    let read = || goods.read(scope.tenant_id());
    let shop = cache.tenant(&scope).map_err(|_| StatusCode::FORBIDDEN)?;
    let list = shop.remember(&PRODUCT_LISTS, "all", &tags, read).await;
    list.map(|list| Json(list.to_vec()))
        .map_err(|_| StatusCode::SERVICE_UNAVAILABLE)
}

async fn add(
    scope: TenantScope,
    State((goods, cache)): State<(Goods, Cache)>,
    name: String,
) -> Result<StatusCode, StatusCode> {
    goods.add(scope.tenant_id(), name);
    let shop = cache.tenant(&scope).map_err(|_| StatusCode::FORBIDDEN)?;
    // After the change, so that whoever reads in between does not keep what was before.
    shop.flush_tag("goods", Flush::Hard)
        .await
        .map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    Ok(StatusCode::CREATED)
}
