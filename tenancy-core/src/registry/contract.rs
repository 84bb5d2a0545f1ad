//! What every [`TenantRegistry`] owes; each rule is a function that panics when it is broken.
//!
//! [`registry_contract!`](crate::registry_contract) makes tests of all of them, each on a registry
//! of its own.

#![allow(clippy::unwrap_used, reason = "a contract fails by panicking")]

use super::{Address, TenantRegistry};
use crate::error::ErrorKind;
use crate::resolve::Host;
use crate::scope::Actor;
use crate::tenant::{Locale, Maintenance, Status, Tenant, TenantId};

/// Tests that a registry keeps the contract: one test for each rule.
///
/// The expression is evaluated anew for each rule, inside an async function, and may await. Its
/// value is the registry and whatever must live as long as it does.
///
/// ```
/// mod in_memory {
///     tenancy_core::registry_contract!((
///         tenancy_core::registry::InMemoryTenants::default(),
///         ()
///     ));
/// }
/// ```
#[macro_export]
macro_rules! registry_contract {
    ($registry:expr) => {
        $crate::registry_contract!(@ $registry;
            finds_what_was_inserted, rejects_a_taken_slug, rejects_a_stale_update,
            updates_every_field, lists_by_slug_in_pages, domains_belong_to_one_tenant,
            tells_of_every_change,
        );
    };
    (@ $registry:expr; $($rule:ident,)*) => {
        $(
            #[tokio::test]
            async fn $rule() {
                let (registry, _keep) = $registry;
                $crate::registry::contract::$rule(registry).await;
            }
        )*
    };
}

fn by() -> Actor {
    Actor::system("contract")
}

fn tenant(slug: &str) -> Tenant {
    Tenant::new(TenantId::generate(), slug.parse().unwrap())
}

fn host(name: &str) -> Host {
    name.parse().unwrap()
}

/// A tenant is found by id and slug, exactly as stored; another address finds nothing.
pub async fn finds_what_was_inserted(registry: impl TenantRegistry) {
    let acme = registry.insert(&tenant("acme"), &by()).await.unwrap();
    assert_eq!(
        registry.find(&Address::Id(acme.id)).await.unwrap().as_ref(),
        Some(&acme)
    );
    assert_eq!(
        registry
            .find(&Address::Slug(acme.slug.clone()))
            .await
            .unwrap(),
        Some(acme)
    );
    let nobody = Address::Slug("nobody".parse().unwrap());
    assert_eq!(registry.find(&nobody).await.unwrap(), None);
    assert_eq!(
        registry
            .find(&Address::Id(TenantId::generate()))
            .await
            .unwrap(),
        None
    );
}

/// A slug belongs to one tenant, at insertion and at update.
pub async fn rejects_a_taken_slug(registry: impl TenantRegistry) {
    let acme = registry.insert(&tenant("acme"), &by()).await.unwrap();
    let error = registry.insert(&tenant("acme"), &by()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressTaken);
    let bolt = registry.insert(&tenant("bolt"), &by()).await.unwrap();
    let renamed = Tenant {
        slug: acme.slug.clone(),
        ..bolt
    };
    let error = registry.update(&renamed, &by()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressTaken);
    assert_eq!(
        registry
            .find(&Address::Slug(acme.slug.clone()))
            .await
            .unwrap(),
        Some(acme)
    );
}

/// An update built on an old reading is refused and changes nothing.
pub async fn rejects_a_stale_update(registry: impl TenantRegistry) {
    let first = registry.insert(&tenant("acme"), &by()).await.unwrap();
    let second = Tenant {
        name: "second".into(),
        ..first.clone()
    };
    let second = registry.update(&second, &by()).await.unwrap();
    let stale = Tenant {
        name: "stale".into(),
        ..first
    };
    let error = registry.update(&stale, &by()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SerializationFailure);
    assert_eq!(
        registry.find(&Address::Id(second.id)).await.unwrap(),
        Some(second)
    );
    let error = registry.update(&tenant("nobody"), &by()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

/// Every field survives, and the old slug no longer finds the tenant.
pub async fn updates_every_field(registry: impl TenantRegistry) {
    let acme = registry.insert(&tenant("acme"), &by()).await.unwrap();
    let mut changed = Tenant {
        slug: "acme-two".parse().unwrap(),
        name: "Acme & Söhne".into(),
        status: Status::Suspended,
        maintenance: Maintenance::On {
            retry_after_seconds: 90,
        },
        plan: "business".parse().unwrap(),
        key: Some("42".parse().unwrap()),
        ..acme.clone()
    };
    changed.settings.set::<Locale>(&"de".to_owned()).unwrap();
    let stored = registry.update(&changed, &by()).await.unwrap();
    assert!(stored.revision > acme.revision);
    assert_eq!(
        stored,
        Tenant {
            revision: stored.revision,
            ..changed
        }
    );
    assert_eq!(
        registry.find(&Address::Id(acme.id)).await.unwrap(),
        Some(stored)
    );
    assert_eq!(
        registry.find(&Address::Slug(acme.slug)).await.unwrap(),
        None
    );
}

/// Pages follow each other by slug without overlap.
pub async fn lists_by_slug_in_pages(registry: impl TenantRegistry) {
    for slug in ["carl", "acme", "bolt"] {
        registry.insert(&tenant(slug), &by()).await.unwrap();
    }
    let first = registry.list(None, 2).await.unwrap();
    let slugs: Vec<_> = first.iter().map(|tenant| tenant.slug.as_str()).collect();
    assert_eq!(slugs, ["acme", "bolt"]);
    let rest = registry.list(Some(&first[1].slug), 2).await.unwrap();
    let slugs: Vec<_> = rest.iter().map(|tenant| tenant.slug.as_str()).collect();
    assert_eq!(slugs, ["carl"]);
}

/// A domain finds its tenant until it is taken away, and cannot be given to another.
pub async fn domains_belong_to_one_tenant(registry: impl TenantRegistry) {
    let acme = registry.insert(&tenant("acme"), &by()).await.unwrap();
    let bolt = registry.insert(&tenant("bolt"), &by()).await.unwrap();
    let shop = host("shop.example");
    registry.add_domain(acme.id, &shop, &by()).await.unwrap();
    registry.add_domain(acme.id, &shop, &by()).await.unwrap();
    let error = registry
        .add_domain(bolt.id, &shop, &by())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AddressTaken);
    let found = registry
        .find(&Address::Domain(shop.clone()))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.id, acme.id);
    let hosts: Vec<_> = registry.domains(acme.id).await.unwrap();
    assert_eq!(
        hosts.iter().map(|domain| &domain.host).collect::<Vec<_>>(),
        [&shop]
    );
    assert_eq!(registry.domains(bolt.id).await.unwrap(), []);

    assert!(!registry.remove_domain(bolt.id, &shop, &by()).await.unwrap());
    assert!(registry.remove_domain(acme.id, &shop, &by()).await.unwrap());
    assert!(!registry.remove_domain(acme.id, &shop, &by()).await.unwrap());
    assert_eq!(registry.find(&Address::Domain(shop)).await.unwrap(), None);
    let error = registry
        .add_domain(TenantId::generate(), &host("x.example"), &by())
        .await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::NotFound);
}

/// Changes name each tenant whose record or domains changed since a revision, and no other.
pub async fn tells_of_every_change(registry: impl TenantRegistry) {
    let acme = registry.insert(&tenant("acme"), &by()).await.unwrap();
    let bolt = registry.insert(&tenant("bolt"), &by()).await.unwrap();
    let Some(before) = registry.changes(u64::MAX).await.unwrap() else {
        return; // this registry cannot tell, and says so
    };
    assert_eq!(before.tenants, []);
    let local = registry.local_changes();
    registry
        .add_domain(bolt.id, &host("bolt.example"), &by())
        .await
        .unwrap();
    assert!(
        registry.local_changes() > local,
        "its own change is seen at once"
    );
    let changes = registry.changes(before.revision).await.unwrap().unwrap();
    assert_eq!(changes.tenants, [bolt.id]);
    assert!(changes.revision > before.revision);
    let renamed = Tenant {
        slug: "acme-two".parse().unwrap(),
        ..acme
    };
    registry.update(&renamed, &by()).await.unwrap();
    let changes = registry.changes(changes.revision).await.unwrap().unwrap();
    assert_eq!(changes.tenants, [renamed.id]);
    let all = registry.changes(before.revision).await.unwrap().unwrap();
    assert_eq!(all.tenants.len(), 2);
}
