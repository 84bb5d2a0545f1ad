use tenancy_commerce::media::{Media as _, MediaQuery};
use tenancy_commerce::{ErrorKind, fixtures};
use tokio::task::JoinSet;

use super::shop::Shops;

/// 32 at once, where there is room for ten and 10 bytes are left over.
async fn a_quota_is_exact_under_any_crowd(shops: Shops) {
    let mut inserts = JoinSet::new();
    for number in 0..32 {
        let (media, scope) = (shops.media.clone(), shops.a.clone());
        let file = fixtures::media_file(&format!("file-{number}"), 99);
        inserts.spawn(async move { media.insert(&scope, &file).await });
    }
    let outcomes = inserts.join_all().await;
    let refused: Vec<_> = outcomes
        .iter()
        .filter_map(|one| one.as_ref().err())
        .collect();
    assert_eq!(refused.len(), 22);
    let full = |error: &&tenancy_commerce::Error| *error.kind() == ErrorKind::QuotaExceeded;
    assert!(refused.iter().all(full), "{refused:?}");
    assert_eq!(shops.media.bytes(&shops.a).await.unwrap(), 990);

    // Each is deleted once, by whoever comes first, and all of it is free again.
    let mut deletions = JoinSet::new();
    let all = shops.media.list(&shops.a, &MediaQuery::default()).await;
    for file in all.unwrap().items {
        for _ in 0..2 {
            let (media, scope) = (shops.media.clone(), shops.a.clone());
            deletions.spawn(async move { media.delete(&scope, file.id).await });
        }
    }
    let outcomes = deletions.join_all().await;
    assert_eq!(outcomes.iter().filter(|one| one.is_ok()).count(), 10);
    assert_eq!(shops.media.bytes(&shops.a).await.unwrap(), 0);
}

on_both!(a_quota_is_exact_under_any_crowd);
