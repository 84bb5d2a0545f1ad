//! The layer under plain hyper, over a socket.

mod grpc;

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tenancy_core::layer::TenantLayer;
use tenancy_core::problem::GrpcStatus;
use tenancy_core::registry::InMemoryTenants;
use tenancy_core::resolve::Sources;
use tenancy_core::{Tenant, TenantId, TenantScope, Tenants};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tower::{Layer as _, service_fn};

async fn greet(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let scope = request.extensions().get::<TenantScope>();
    let slug = scope.map(|scope| scope.tenant().slug.to_string());
    Ok(Response::new(Full::from(slug.unwrap_or_default())))
}

/// What hyper answers on one connection for a `Host`.
macro_rules! answer {
    ($layer:expr, $host:expr) => {{
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = TowerToHyperService::new($layer.layer(service_fn(greet)));
        let serving = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            connection.await.unwrap();
        });
        let mut client = TcpStream::connect(address).await.unwrap();
        let request = format!(
            "GET / HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n",
            $host
        );
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        serving.await.unwrap();
        answer
    }};
}

#[tokio::test]
async fn hyper_serves_tenants_and_refusals_of_either_kind() {
    let registry = Arc::new(InMemoryTenants::default());
    let acme = Tenant::new(TenantId::generate(), "acme".parse().unwrap());
    registry.add(&acme).unwrap();
    let tenants = Tenants::new(registry);
    let layer = || {
        let sources = Sources::new().subdomains_of("shops.test".parse().unwrap());
        TenantLayer::new(&tenants, sources)
    };
    let answer = answer!(layer(), "acme.shops.test");
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nacme"),
        "{answer}"
    );
    let answer = answer!(layer(), "bolt.shops.test");
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert!(
        answer.contains("content-type: application/problem+json"),
        "{answer}"
    );
    let answer = answer!(layer().refuse(GrpcStatus), "bolt.shops.test");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(answer.contains("grpc-status: 5\r\n"), "{answer}");
}
