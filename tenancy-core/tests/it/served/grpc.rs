//! The layer under tonic, over a socket, asked by tonic's own client.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Buf as _, BufMut as _};
use http::uri::PathAndQuery;
use http::{Request, Response};
use tenancy_core::client_address::{ClientAddress, PeerAddress};
use tenancy_core::layer::TenantLayer;
use tenancy_core::problem::GrpcStatus;
use tenancy_core::registry::InMemoryTenants;
use tenancy_core::resolve::Sources;
use tenancy_core::tenant::{Maintenance, Status as TenantStatus};
use tenancy_core::{Tenant, TenantId, TenantScope, Tenants};
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::NamedService;
use tonic::transport::server::{TcpConnectInfo, TcpIncoming};
use tonic::transport::{Endpoint, Server};
use tonic::{Code, Status};
use tower::util::MapRequestLayer;
use tower::{Service, service_fn};

/// Messages that are text and nothing else, so that no protocol compiler is needed.
#[derive(Clone, Copy)]
struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, text: String, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(text.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let bytes = buffer.copy_to_bytes(buffer.remaining());
        Ok(Some(String::from_utf8(bytes.to_vec()).unwrap()))
    }
}

/// What tonic's generator would make of a service with one method.
#[derive(Clone)]
struct Greeter;

impl NamedService for Greeter {
    const NAME: &'static str = "shops.Greeter";
}

impl Service<Request<Body>> for Greeter {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(async {
            let mut grpc = tonic::server::Grpc::new(Text);
            Ok(grpc.unary(service_fn(greet), request).await)
        })
    }
}

async fn greet(request: tonic::Request<String>) -> Result<tonic::Response<String>, Status> {
    let scope: &TenantScope = request.extensions().get().unwrap();
    let ClientAddress(client) = request.extensions().get().unwrap();
    let (greeting, slug) = (request.get_ref(), &scope.tenant().slug);
    Ok(tonic::Response::new(format!("{greeting} {slug} {client}")))
}

/// Tells the layer what tonic knows of the peer.
fn note_peer(mut request: Request<Body>) -> Request<Body> {
    let connection: Option<&TcpConnectInfo> = request.extensions().get();
    let peer = connection.and_then(TcpConnectInfo::remote_addr).unwrap();
    request.extensions_mut().insert(PeerAddress(peer.ip()));
    request
}

#[tokio::test]
async fn tonic_serves_tenants_and_its_clients_understand_refusals() {
    let registry = Arc::new(InMemoryTenants::default());
    let add = |slug: &str, change: fn(&mut Tenant)| {
        let mut tenant = Tenant::new(TenantId::generate(), slug.parse().unwrap());
        change(&mut tenant);
        registry.add(&tenant).unwrap();
    };
    add("acme", |_| {});
    add("bolt", |_| {});
    add("crow", |tenant| tenant.status = TenantStatus::Suspended);
    add("dusk", |tenant| tenant.status = TenantStatus::Archived);
    add("elm", |tenant| {
        tenant.maintenance = Maintenance::On {
            retry_after_seconds: 90,
        };
    });
    let sources = Sources::new().subdomains_of("shops.test".parse().unwrap());
    let layer = TenantLayer::new(&Tenants::new(registry), sources).refuse(GrpcStatus);

    let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = incoming.local_addr().unwrap();
    let server = Server::builder()
        .layer(MapRequestLayer::new(note_peer))
        .layer(layer)
        .add_service(Greeter);
    tokio::spawn(server.serve_with_incoming(incoming));
    let call = async |host: &str| {
        let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
        let origin = format!("http://{host}").parse().unwrap();
        let channel = endpoint.origin(origin).connect().await.unwrap();
        let mut client = tonic::client::Grpc::new(channel);
        client.ready().await.unwrap();
        let method = PathAndQuery::from_static("/shops.Greeter/Greet");
        let greeting = tonic::Request::new("hello".to_owned());
        let answer = client.unary(greeting, method, Text).await;
        answer.map(tonic::Response::into_inner)
    };

    assert_eq!(
        call("acme.shops.test").await.unwrap(),
        "hello acme 127.0.0.1"
    );
    assert_eq!(
        call("bolt.shops.test").await.unwrap(),
        "hello bolt 127.0.0.1"
    );
    let check = async |host: &str, code: Code, message: &str, retry_after: Option<&str>| {
        let status = call(host).await.unwrap_err();
        assert_eq!((status.code(), status.message()), (code, message), "{host}");
        let waits = status.metadata().get("retry-after");
        let waits = waits.map(|seconds| seconds.to_str().unwrap());
        assert_eq!(waits, retry_after, "{host}");
    };
    let unknown = "nothing answers at this address";
    check("nobody.shops.test", Code::NotFound, unknown, None).await;
    check("shops.test", Code::NotFound, unknown, None).await;
    let suspended = "this tenant is suspended";
    check("crow.shops.test", Code::PermissionDenied, suspended, None).await;
    let archived = "this tenant has been closed";
    check("dusk.shops.test", Code::FailedPrecondition, archived, None).await;
    let maintenance = "this tenant is closed for maintenance";
    check("elm.shops.test", Code::Unavailable, maintenance, Some("90")).await;
}
