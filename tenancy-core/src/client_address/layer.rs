use std::task::{Context, Poll};

use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use super::{ClientAddress, TrustedProxies, peer};

/// Puts the [`ClientAddress`] into each request's extensions, for layers that stand before a
/// [`TenantLayer`](crate::layer::TenantLayer) or have none. It refuses nothing.
///
/// Where the server noted no peer, there is no address either.
#[derive(Clone, Debug, Default)]
pub struct ClientAddressLayer {
    proxies: TrustedProxies,
}

/// The service that a [`ClientAddressLayer`] makes of another.
#[derive(Clone, Debug)]
pub struct ClientAddressService<S> {
    inner: S,
    proxies: TrustedProxies,
}

impl ClientAddressLayer {
    /// A layer that believes these proxies.
    pub fn new(proxies: TrustedProxies) -> Self {
        Self { proxies }
    }
}

impl<S> Layer<S> for ClientAddressLayer {
    type Service = ClientAddressService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ClientAddressService {
            inner,
            proxies: self.proxies.clone(),
        }
    }
}

impl<S, B> Service<Request<B>> for ClientAddressService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        // Whatever else said so before has not weighed the proxies.
        request.extensions_mut().remove::<ClientAddress>();
        if let Some(peer) = peer(request.extensions()) {
            let address = self.proxies.client_address(peer, request.headers());
            request.extensions_mut().insert(ClientAddress(address));
        }
        self.inner.call(request)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::net::IpAddr;

    use tower::{ServiceExt as _, service_fn};

    use super::super::PeerAddress;
    use super::*;

    #[tokio::test]
    async fn the_client_is_the_one_whom_trusted_proxies_name() {
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        let layer = ClientAddressLayer::new(TrustedProxies::networks(trusted));
        let check = async |peer: Option<&str>, expected: Option<&str>| {
            let service = layer.layer(service_fn(async |request: Request<()>| {
                let address = request.extensions().get::<ClientAddress>().copied();
                Ok::<_, Infallible>(address.map(|ClientAddress(address)| address))
            }));
            let mut request = Request::new(());
            let forwarded = "192.0.2.1".parse().unwrap();
            request.headers_mut().insert("x-forwarded-for", forwarded);
            let claimed: IpAddr = "6.6.6.6".parse().unwrap();
            request.extensions_mut().insert(ClientAddress(claimed));
            if let Some(peer) = peer {
                let peer: IpAddr = peer.parse().unwrap();
                request.extensions_mut().insert(PeerAddress(peer));
            }
            let found = service.oneshot(request).await.unwrap();
            let expected: Option<IpAddr> = expected.map(|text| text.parse().unwrap());
            assert_eq!(found, expected, "{peer:?}");
        };
        check(Some("10.0.0.1"), Some("192.0.2.1")).await;
        check(Some("198.51.100.1"), Some("198.51.100.1")).await;
        check(None, None).await;
    }
}
