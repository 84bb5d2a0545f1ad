use tenancy_core::redis::EvictionScope;
use tenancy_tests::Redis as Server;

use super::{administer, handle};

#[tokio::test]
async fn a_policy_that_drops_keys_is_told_with_what_mends_it() {
    let server = Server::start().await;
    let redis = handle(&server.url());
    let check = |policy: &'static str, scope: EvictionScope, told: &'static str| {
        let (redis, server) = (redis.clone(), server.clone());
        async move {
            administer(&server, &format!("CONFIG SET maxmemory-policy {policy}")).await;
            let eviction = redis.eviction().await.unwrap();
            assert_eq!(eviction.scope(), scope, "{policy}");
            let expected = format!("Redis at 127.0.0.1:{} {told}", server.port());
            assert!(eviction.to_string().starts_with(&expected), "{eviction}");
        }
    };
    check(
        "noeviction",
        EvictionScope::Nothing,
        "drops no key (noeviction)",
    )
    .await;
    check(
        "volatile-lru",
        EvictionScope::ExpiringKeys,
        "drops keys with a time to live when its memory is full (volatile-lru): \
         run CONFIG SET maxmemory-policy noeviction",
    )
    .await;
    check(
        "allkeys-lfu",
        EvictionScope::AnyKey,
        "drops any key when its memory is full (allkeys-lfu): \
         run CONFIG SET maxmemory-policy noeviction",
    )
    .await;
}

#[tokio::test]
async fn a_server_that_does_not_tell_its_policy_cannot_be_checked() {
    let server = Server::start().await;
    administer(
        &server,
        "ACL SETUSER guest on >guest ~* +@all -info -config",
    )
    .await;
    let redis = handle(&format!("redis://guest:guest@127.0.0.1:{}", server.port()));
    let eviction = redis.eviction().await.unwrap();
    assert_eq!(eviction.scope(), EvictionScope::Unknown);
    let told = eviction.to_string();
    assert!(
        told.contains("so that cannot be checked: see to it"),
        "{told}"
    );
}
