//! The server behind a proxy that ends TLS.

use std::fs;
use std::net::SocketAddr;

use reqwest::Certificate;
use tenancy_tests::{Server, TlsProxy};

use super::Town;

/// What a browser would be told about TLS, at an address of the proxy's or of the server's own.
async fn told(proxy: &TlsProxy, url: &str, forged: bool) -> Option<String> {
    let authority = fs::read(proxy.authority()).unwrap();
    let authority = Certificate::from_pem(&authority).unwrap();
    let client = reqwest::Client::builder().no_proxy();
    // Not every resolver knows names below localhost.
    let here = SocketAddr::from(([127, 0, 0, 1], 0));
    let client = client.resolve("acme.localhost", here);
    let client = client.tls_certs_only([authority]).build().unwrap();
    let mut request = client.get(url);
    if forged {
        request = request.header("x-forwarded-proto", "https");
    }
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200, "{url}");
    let told = response.headers().get("strict-transport-security");
    told.map(|told| told.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn browsers_are_bound_to_tls_only_where_they_came_over_it() {
    let year = Some("max-age=63072000".to_owned());
    let start = async |proxies: &str| {
        let address = Server::free_address();
        let settings = vec![
            ("TENANCY_LISTEN", address.to_string()),
            ("TENANCY_TRUSTED_PROXIES", proxies.to_owned()),
        ];
        let town = Town::start(address, settings, &["serve"], None).await;
        town.command(&["tenant", "create", "acme"]);
        let proxy = TlsProxy::before(address).await;
        (town, proxy)
    };
    let (town, proxy) = start("127.0.0.0/8").await;
    for host in ["localhost", "acme.localhost"] {
        let over_tls = format!("https://{host}:{}/", proxy.port());
        assert_eq!(told(&proxy, &over_tls, false).await, year, "{over_tls}");
        let plain = format!("http://{host}:{}/", town.address.port());
        assert_eq!(told(&proxy, &plain, false).await, None, "{plain}");
    }
    // Who is no proxy of ours says nothing by saying so.
    let (town, proxy) = start("192.0.2.0/24").await;
    let plain = format!("http://localhost:{}/", town.address.port());
    assert_eq!(told(&proxy, &plain, true).await, None);
    let over_tls = format!("https://localhost:{}/", proxy.port());
    assert_eq!(told(&proxy, &over_tls, false).await, None);
}
