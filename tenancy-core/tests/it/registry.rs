use std::time::{Duration, Instant};

use tenancy_core::journal::{EntryQuery, PlatformEntry};
use tenancy_core::registry::TenantRegistry as _;
use tenancy_core::tenant::Status;
use tenancy_core::{Actor, ErrorKind, Tenant};

use crate::installation::Installation;

mod in_memory {
    tenancy_core::registry_contract!((tenancy_core::registry::InMemoryTenants::default(), ()));
}

mod postgres {
    use crate::installation::Installation;
    tenancy_core::registry_contract!({
        let site = Installation::postgres(4).await;
        (site.registry.clone(), site)
    });
}

mod sqlite {
    use crate::installation::Installation;
    tenancy_core::registry_contract!({
        let site = Installation::sqlite(4).await;
        (site.registry.clone(), site)
    });
}

async fn the_platforms_journal_names_who_changed_a_tenant(site: Installation) {
    let acme = site.add("acme").await;
    let suspended = Tenant {
        status: Status::Suspended,
        ..acme.clone()
    };
    let operator = Actor::user("1", "Olga");
    site.registry.update(&suspended, &operator).await.unwrap();
    let error = site
        .registry
        .update(&suspended, &operator)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SerializationFailure);

    let scope = site.tenants.platform(operator.clone());
    let mut tx = site.database.platform(&scope).await.unwrap();
    let query = EntryQuery {
        resource: Some("tenant".to_owned()),
        ..Default::default()
    };
    let trail = PlatformEntry::trail(&mut tx, &query).await.unwrap().entries;
    tx.commit().await.unwrap();
    let actions: Vec<_> = trail.iter().map(|entry| &*entry.entry.action).collect();
    assert_eq!(
        actions,
        ["updated", "created"],
        "a refused change leaves no entry"
    );
    assert_eq!(trail[0].entry.actor, operator);
    assert_eq!(trail[0].about, Some(acme.id));
    assert_eq!(trail[0].entry.before.as_ref().unwrap()["status"], "active");
    assert_eq!(
        trail[0].entry.after.as_ref().unwrap()["status"],
        "suspended"
    );
}

#[tokio::test]
async fn the_platforms_journal_on_postgres() {
    the_platforms_journal_names_who_changed_a_tenant(Installation::postgres(4).await).await;
}

#[tokio::test]
async fn the_platforms_journal_on_sqlite() {
    the_platforms_journal_names_who_changed_a_tenant(Installation::sqlite(4).await).await;
}

#[tokio::test]
async fn a_change_by_another_node_is_seen_within_a_second() {
    let site = Installation::sqlite(4).await;
    let node = site.beside().await;
    let acme = site.add("acme").await;
    let scope = node.scope(&acme).await;
    node.database
        .read(&scope)
        .await
        .unwrap()
        .commit()
        .await
        .unwrap();
    let suspended = Tenant {
        status: Status::Suspended,
        ..acme
    };
    site.registry
        .update(&suspended, &Actor::system("operator"))
        .await
        .unwrap();
    let changed = Instant::now();
    let refusal = loop {
        match scope.check().await {
            Ok(()) => tokio::task::yield_now().await,
            Err(error) => break error,
        }
    };
    assert!(
        matches!(refusal.kind(), ErrorKind::NotAvailable(_)),
        "{refusal}"
    );
    assert!(
        changed.elapsed() < Duration::from_millis(1_200),
        "{:?}",
        changed.elapsed()
    );
}
