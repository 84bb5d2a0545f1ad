use std::cell::RefCell;
use std::path::Path;
use std::time::Duration;

use futures_util::poll;
use tenancy_commerce::catalog::ProductQuery;
use tenancy_core::Actor;
use tenancy_core::registry::TenantRegistry as _;

use super::*;
use crate::config::Config;

async fn open(folder: &Path) -> Platform {
    let config = Config {
        data: folder.to_owned(),
        ..Config::default()
    };
    let opened = Platform::open_as(config, Actor::system("test")).await;
    opened.unwrap_or_else(|failure| panic!("{failure}"))
}

/// Whoever is shown a key more than once.
#[derive(Default)]
struct Shown(RefCell<Vec<String>>);

impl Shown {
    async fn start(&self, folder: &Path, steps: usize) -> bool {
        let platform = open(folder).await;
        let done = self.start_for(&platform, steps).await;
        if !done {
            platform.database().storage().close().await;
            let_go(folder).await;
        }
        done
    }

    async fn start_for(&self, platform: &Platform, steps: usize) -> bool {
        let show = |shop: &DemoShop, _: &Onboarded, _: &Password| {
            self.0.borrow_mut().push(shop.slug.clone());
            Ok(())
        };
        let mut start = Box::pin(platform.demonstrate(show));
        for _ in 0..steps {
            if let std::task::Poll::Ready(done) = poll!(&mut start) {
                done.unwrap_or_else(|failure| panic!("{failure}"));
                return true;
            }
            tokio::task::yield_now().await;
        }
        false
    }
}

/// Waits until nobody holds a file of the folder. A program that is cut off takes its threads along;
/// here a statement that was dropped while it ran goes on in one.
async fn let_go(folder: &Path) {
    let folder = folder.canonicalize().unwrap();
    let held = || {
        let open = std::fs::read_dir("/proc/self/fd").into_iter().flatten();
        let mut files = open.filter_map(|file| std::fs::read_link(file.ok()?.path()).ok());
        files.any(|file| file.starts_with(&folder))
    };
    for _ in 0..10_000 {
        if !held() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panic!("a file of {} is still held", folder.display());
}

/// All that a visitor, a merchant or the operator can find in the three shops.
async fn contents(folder: &Path) -> Vec<String> {
    let platform = open(folder).await;
    let mut found = vec![];
    for tenant in platform.tenant_page(None).await.unwrap() {
        found.push(format!(
            "{} {} {:?}",
            tenant.slug, tenant.name, tenant.status
        ));
        let keys = platform.keys(tenant.id).await.unwrap();
        let valid = keys.iter().filter(|key| key.revoked_at.is_none());
        found.push(format!("{} key", valid.count()));
        let scope = platform.scope().tenant(tenant.id).await.unwrap();
        let users = platform.users(&Door::Shop(scope.clone())).list().await;
        found.extend(users.unwrap().iter().map(|user| user.email.to_string()));
        for category in platform.catalog().categories(&scope).await.unwrap() {
            found.push(format!("{} {}", category.slug, category.position));
        }
        let all = ProductQuery {
            limit: Limit::MAX,
            ..ProductQuery::default()
        };
        for product in platform.catalog().list(&scope, &all).await.unwrap().items {
            let stock: Vec<_> = product
                .variants
                .iter()
                .map(|variant| variant.stock)
                .collect();
            found.push(format!("{} {:?} {stock:?}", product.slug, product.status));
        }
        let all = CustomerQuery {
            limit: Limit::MAX,
            ..CustomerQuery::default()
        };
        let customers = platform.customers().list(&scope, &all).await.unwrap().items;
        found.extend(customers.iter().map(|customer| customer.email.clone()));
        let all = OrderQuery {
            limit: Limit::MAX,
            ..OrderQuery::default()
        };
        for order in platform.orders().list(&scope, &all).await.unwrap().items {
            let buyer = customers
                .iter()
                .find(|one| Some(one.id) == order.customer_id);
            let lines = order.lines.iter().map(|line| (&line.sku, line.quantity));
            let lines: Vec<_> = lines.collect();
            found.push(format!(
                "{} {:?} {lines:?}",
                order.number,
                buyer.map(|one| &one.email)
            ));
        }
    }
    found
}

#[tokio::test]
async fn a_start_that_is_cut_off_again_and_again_ends_in_the_same_shops() {
    let (whole, pieces) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert!(Shown::default().start(whole.path(), usize::MAX).await);
    let expected = contents(whole.path()).await;
    assert_eq!(expected.len(), 3 * (2 + 1 + 7 + 24 + 12 + 20));

    let shown = Shown::default();
    let mut starts = 1;
    while !shown.start(pieces.path(), starts * 251).await {
        starts += 1;
    }
    assert!(starts > 10, "it was cut off {starts} times only");
    assert_eq!(contents(pieces.path()).await, expected);
    // An open shop is never made again, so its key was the last one shown.
    let shown = shown.0.into_inner();
    let mut order = shown.clone();
    order.dedup();
    assert_eq!(order, ["quillmoor", "kettenspatz", "mistgate"], "{shown:?}");
}

#[tokio::test]
async fn what_the_operator_has_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let shown = Shown::default();
    assert!(shown.start(folder.path(), usize::MAX).await);
    let platform = open(folder.path()).await;
    let slug = "mistgate".parse().unwrap();
    let changed = platform.change_tenant(&slug, |tenant| {
        tenant.status = Status::Archived;
        tenant.slug = "bygone".parse().unwrap();
        Ok(())
    });
    changed.await.unwrap();
    let before = contents(folder.path()).await;
    assert!(shown.start(folder.path(), usize::MAX).await);
    assert_eq!(contents(folder.path()).await, before);
    assert_eq!(shown.0.borrow().len(), 3);
}

#[tokio::test]
async fn a_tenant_that_an_operator_began_gets_no_demonstration() {
    let folder = tempfile::tempdir().unwrap();
    let platform = open(folder.path()).await;
    let mut tenant = Tenant::new(
        tenancy_core::TenantId::generate(),
        "quillmoor".parse().unwrap(),
    );
    tenant.status = Status::Provisioning;
    platform
        .registry()
        .insert(&tenant, platform.actor())
        .await
        .unwrap();
    let shown = Shown::default();
    assert!(shown.start(folder.path(), usize::MAX).await);
    assert_eq!(shown.0.into_inner(), Vec::<String>::new());
    assert_eq!(platform.tenant_page(None).await.unwrap().len(), 1);
}
