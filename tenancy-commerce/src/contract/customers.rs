//! The suite of [`Customers`].

use tenancy_core::TenantScope;

use super::{refusal, refused};
use crate::ErrorKind;
use crate::customer::{CustomerDraft, CustomerQuery, Customers};
use crate::fixtures::customer;
use crate::page::Limit;
use crate::patch::Patch;

/// Runs the whole suite.
pub async fn all(customers: &impl Customers, a: &TenantScope, b: &TenantScope) {
    keeps_tenants_apart(customers, a, b).await;
    changes_and_deletes(customers, a).await;
    lists_and_searches(customers, b).await;
}

/// An address is unique in a shop, and another shop's customer is nobody.
pub async fn keeps_tenants_apart(customers: &impl Customers, a: &TenantScope, b: &TenantScope) {
    let ours = customers.insert(a, &customer("ann")).await.unwrap();
    let theirs = customers.insert(b, &customer("ann")).await.unwrap();
    assert_ne!(ours, theirs);
    let taken = CustomerDraft::new(" ANN@Example.com ");
    assert_eq!(
        refusal(customers.insert(a, &taken).await),
        ErrorKind::EmailTaken
    );
    assert_eq!(
        refusal(customers.find(b, ours.id).await),
        ErrorKind::NotFound
    );
    assert_eq!(
        refusal(customers.delete(b, ours.id).await),
        ErrorKind::NotFound
    );
    let found = customers.find_by_email(a, "Ann@example.COM").await.unwrap();
    assert_eq!(found, ours);
    customers.delete(a, ours.id).await.unwrap();
    assert_eq!(customers.find(b, theirs.id).await.unwrap(), theirs);
    customers.delete(b, theirs.id).await.unwrap();
}

/// A change keeps what it does not name.
pub async fn changes_and_deletes(customers: &impl Customers, scope: &TenantScope) {
    let before = customers.insert(scope, &customer("bob")).await.unwrap();
    let other = customers.insert(scope, &customer("eve")).await.unwrap();
    let patch = Patch::default().set("phone", "+44 20");
    let after = customers.patch(scope, before.id, &patch).await.unwrap();
    assert_eq!((&*after.name, &*after.phone), ("bob", "+44 20"));
    let taken = Patch::default().set("email", "eve@example.com");
    let taken = customers.patch(scope, before.id, &taken).await;
    assert_eq!(refusal(taken), ErrorKind::EmailTaken);
    for bad in ["", "bob", "@", "a b@example.com", "a@b@c"] {
        let draft = CustomerDraft::new(bad);
        let refused = refused(customers.replace(scope, before.id, &draft).await);
        assert_eq!(refused, ["email"], "{bad}");
    }
    assert_eq!(customers.find(scope, before.id).await.unwrap(), after);
    customers.delete(scope, before.id).await.unwrap();
    assert_eq!(
        refusal(customers.find(scope, before.id).await),
        ErrorKind::NotFound
    );
    customers.delete(scope, other.id).await.unwrap();
}

/// The newest come first, page by page, and words narrow the list.
pub async fn lists_and_searches(customers: &impl Customers, scope: &TenantScope) {
    for name in ["carl", "dora", "emil"] {
        customers.insert(scope, &customer(name)).await.unwrap();
    }
    let mut query = CustomerQuery {
        limit: Limit::new(2),
        ..CustomerQuery::default()
    };
    let mut names = Vec::new();
    loop {
        let page = customers.list(scope, &query).await.unwrap();
        names.extend(page.items.into_iter().map(|one| one.name));
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    assert_eq!(names, ["emil", "dora", "carl"]);
    query.q = Some("DOR example".to_owned());
    let found = customers.list(scope, &query).await.unwrap();
    assert_eq!(found.items.len(), 1);
    assert_eq!(found.items[0].email, "dora@example.com");
}
