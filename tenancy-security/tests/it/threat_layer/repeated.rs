//! Who attacks again and again is blocked, by whom he attacked.

use std::convert::Infallible;
use std::net::IpAddr;
use std::time::Duration;

use http::{Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use tenancy_core::TenantId;
use tenancy_core::client_address::ClientAddress;
use tenancy_security::PeekedBody;
use tenancy_security::block::BlockList;
use tenancy_security::rate_limit::Quota;
use tenancy_security::threat::{Mode, ThreatLayer};
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::{Body, quiet};
use crate::two_tenants::TwoTenants;

const ATTACK: &str = "/?q=%3Cscript%3Ealert(1)";

struct Site {
    tenants: TwoTenants,
    blocks: BlockList,
    layer: ThreatLayer,
}

impl Site {
    fn new(mode: Mode) -> Self {
        let blocks = BlockList::default();
        let hour = Duration::from_secs(3600);
        let layer = quiet()
            .mode(mode)
            .block_after(&blocks, Quota::per_hour(3), hour);
        Self {
            tenants: TwoTenants::new(),
            blocks,
            layer,
        }
    }

    async fn send(&self, host: &str, client: &str, target: &str) -> StatusCode {
        self.send_from("none", host, client, target).await
    }

    /// What a browser was made to send by a page of such a site.
    async fn send_from(&self, site: &str, host: &str, client: &str, target: &str) -> StatusCode {
        let handler = service_fn(async |_: Request<PeekedBody<Body>>| {
            Ok::<_, Infallible>(http::Response::<Body>::default())
        });
        let mut request = Request::get(target)
            .header("host", host)
            .header("sec-fetch-site", site)
            .body(Body::default())
            .unwrap();
        let client: IpAddr = client.parse().unwrap();
        request.extensions_mut().insert(ClientAddress(client));
        let service = self.tenants.layer().layer(self.layer.layer(handler));
        service.oneshot(request).await.unwrap().status()
    }

    fn is_blocked(&self, client: &str, tenant: Option<TenantId>) -> bool {
        self.blocks.check(client.parse().unwrap(), tenant).is_some()
    }
}

#[tokio::test]
async fn a_client_who_goes_on_is_blocked_for_an_hour_with_the_tenant_he_attacked() {
    let site = Site::new(Mode::Block);
    let (acme, bolt) = (site.tenants.acme, site.tenants.bolt);
    for count in 1..=3 {
        assert!(
            !site.is_blocked("192.0.2.1", Some(acme)),
            "after {}",
            count - 1
        );
        let status = site.send("acme.shops.test", "192.0.2.1", ATTACK).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        // Ordinary requests in between count for nothing, nor do those of others.
        site.send("acme.shops.test", "192.0.2.1", "/products").await;
        site.send("acme.shops.test", &format!("192.0.2.1{count}"), ATTACK)
            .await;
        site.send("bolt.shops.test", &format!("192.0.2.2{count}"), ATTACK)
            .await;
    }
    assert!(site.is_blocked("192.0.2.1", Some(acme)));
    assert!(!site.is_blocked("192.0.2.1", Some(bolt)));
    assert!(!site.is_blocked("192.0.2.1", None));
    assert!(!site.is_blocked("192.0.2.11", Some(acme)));
    let entries = site.blocks.entries(Some(acme));
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].network(), "192.0.2.1/32".parse().unwrap());
    let left = entries[0]
        .ends_at()
        .unwrap()
        .duration_since(Timestamp::now());
    assert!(left <= SignedDuration::from_secs(3600) && left > SignedDuration::from_secs(3500));
    assert!(site.blocks.entries(None).is_empty() && site.blocks.entries(Some(bolt)).is_empty());
}

#[tokio::test]
async fn the_platforms_own_host_blocks_for_the_platform_and_by_network() {
    let site = Site::new(Mode::Block);
    for host in 1..=3 {
        site.send("shops.test", &format!("2001:db8:1:2::{host}"), ATTACK)
            .await;
    }
    assert!(site.is_blocked("2001:db8:1:2:ffff::1", None));
    assert!(!site.is_blocked("2001:db8:1:3::1", None));
}

#[tokio::test]
async fn nobody_is_blocked_where_nothing_is_refused() {
    let site = Site::new(Mode::Observe);
    for _ in 0..10 {
        site.send("shops.test", "192.0.2.1", ATTACK).await;
    }
    assert!(!site.is_blocked("192.0.2.1", None));
}

#[tokio::test]
async fn a_page_elsewhere_does_not_have_its_visitors_blocked_so_soon() {
    let site = Site::new(Mode::Block);
    let acme = Some(site.tenants.acme);
    for (origin, client) in [("cross-site", "192.0.2.1"), ("same-site", "192.0.2.2")] {
        for count in 1..=30 {
            assert!(!site.is_blocked(client, acme), "{origin} after {count}");
            let status = site.send_from(origin, "acme.shops.test", client, ATTACK);
            assert_eq!(status.await, StatusCode::FORBIDDEN);
        }
        assert!(site.is_blocked(client, acme), "{origin}");
    }
    // Neither count uses up the other's quota.
    for origin in ["cross-site", "same-origin", "cross-site", "none"] {
        site.send_from(origin, "acme.shops.test", "192.0.2.3", ATTACK)
            .await;
    }
    assert!(!site.is_blocked("192.0.2.3", acme));
    site.send("acme.shops.test", "192.0.2.3", ATTACK).await;
    assert!(site.is_blocked("192.0.2.3", acme));
}

#[tokio::test]
async fn a_page_elsewhere_never_has_its_visitors_blocked_by_the_platform() {
    let site = Site::new(Mode::Block);
    for _ in 0..100 {
        site.send_from("cross-site", "shops.test", "192.0.2.1", ATTACK)
            .await;
    }
    assert!(!site.is_blocked("192.0.2.1", None));
}
