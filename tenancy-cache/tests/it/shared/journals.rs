//! A journal beside the store.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tenancy_cache::remote::RedisRemote;
use tenancy_cache::{Cache, ErrorKind, Tag, TenantCache};
use tenancy_core::TenantScope;
use tenancy_tests::Redis as Server;

use super::{PATIENCE, connect, ready};
use crate::journal::installation::{Installation, NOTES};

/// For how long a look at the journal counts, on a machine that does much else.
const INTERVAL: Duration = Duration::from_secs(1);

/// A node's entries, which it shares through Redis.
async fn sharing(node: &Installation, scope: &TenantScope, url: &str) -> TenantCache {
    let prefix = format!("test-{}:", scope.tenant_id());
    let remote = RedisRemote::new(&connect(url), &prefix, Duration::from_secs(86_400));
    let cache = Cache::builder(&node.tenants)
        .journal(&node.database)
        .check_interval(INTERVAL)
        .remote(remote);
    ready(cache.build().tenant(scope).unwrap()).await
}

/// A value whose loader needs no database.
async fn load(shop: &TenantCache, key: &str, value: u32) -> u32 {
    let load = || async move { Ok::<_, Infallible>(value) };
    let tags = [Tag::new("note")];
    *shop.remember(&NOTES, key, &tags, load).await.unwrap()
}

#[tokio::test]
async fn where_the_journal_cannot_be_read_nothing_that_the_store_has_is_used() {
    let url = Server::shared().await.url();
    let site = Installation::sqlite().await;
    let node = site.beside(INTERVAL).await;
    let (there, here) = (site.scope("acme").await, node.scope("acme").await);
    let (one, other) = (
        sharing(&site, &there, &url).await,
        sharing(&node, &here, &url).await,
    );
    for key in ["found", "loaded", "known"] {
        assert_eq!(load(&one, key, 1).await, 1);
    }
    one.temporary().put("notice", 1_u32).await.unwrap();
    // With the journal, what the store has is an answer.
    assert_eq!(load(&other, "known", 2).await, 1);
    node.storage.close().await;
    let (began, keys) = (Instant::now(), ["found", "known"]);
    for key in keys {
        while other.get::<u32>(&NOTES, key).await.unwrap().is_some() {
            assert!(began.elapsed() < PATIENCE, "{key} is served");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    let values = other.get_many::<u32>(&NOTES, keys.map(Into::into)).await;
    assert_eq!(values.unwrap(), [None, None]);
    assert_eq!(load(&other, "loaded", 3).await, 3);
    let taken = other.temporary().take::<u32>("notice").await.unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::Unavailable);
    // It is left to those who know, and they keep what they had.
    let taken = one.temporary().take::<u32>("notice").await.unwrap();
    assert_eq!(taken, Some(Arc::new(1)));
    for key in ["found", "loaded", "known"] {
        assert_eq!(load(&one, key, 4).await, 1, "{key}");
    }
}
