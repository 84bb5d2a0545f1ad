use aws_lc_rs::digest::{SHA256, digest};
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use tenancy_core::blob::{Blobs, Stored};
use tenancy_core::{ErrorKind, TenantScope};

use super::{Place, key, pieces, read};

macro_rules! on_both {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            #[tokio::test]
            async fn memory() {
                super::$test(super::Place::memory().await).await;
            }

            #[tokio::test]
            async fn folder() {
                super::$test(super::Place::folder().await).await;
            }
        }
    )+};
}

async fn names(blobs: &Blobs, scope: &TenantScope) -> Vec<String> {
    let all = blobs.list(scope).await.unwrap();
    let mut names: Vec<_> = all
        .map_ok(|info| info.key.to_string())
        .try_collect()
        .await
        .unwrap();
    names.sort();
    names
}

async fn a_blob_is_read_as_it_was_written(place: Place) {
    let (blobs, Place { a, .. }) = (place.blobs(), &place);
    // Small, exactly one part, and several parts with a rest.
    for (name, bytes) in [
        ("empty", 0),
        ("small", 10),
        ("part", 256 * 1024),
        ("large", 1_000_003),
    ] {
        let content: Vec<u8> = (0..bytes).map(|n: u32| n.to_le_bytes()[0]).collect();
        let stream = pieces(content.chunks(70_001).map(Bytes::copy_from_slice));
        let stored = blobs.put(a, &key(name), stream).await.unwrap();
        let expected = Stored {
            key: key(name),
            bytes: u64::from(bytes),
            sha256: digest(&SHA256, &content).as_ref().try_into().unwrap(),
        };
        assert_eq!(stored, expected);
        assert_eq!(read(&blobs, a, name).await.unwrap(), content, "{name}");
        let info = blobs.head(a, &key(name)).await.unwrap();
        assert_eq!((info.bytes, info.key), (stored.bytes, stored.key));
    }
    let sum = 10 + 256 * 1024 + 1_000_003;
    assert_eq!(blobs.usage(a).await.unwrap(), sum);
    let again = blobs.put(a, &key("large"), pieces(["new"])).await.unwrap();
    assert_eq!(again.bytes, 3);
    assert_eq!(read(&blobs, a, "large").await.unwrap(), "new");
    let too_large = blobs.get(a, &key("large"), None).await.unwrap();
    let error = too_large.into_bytes(2).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

async fn a_range_is_read_alone(place: Place) {
    let (blobs, Place { a, .. }) = (place.blobs(), &place);
    let content = pieces(["0123456789"]);
    blobs.put(a, &key("digits"), content).await.unwrap();
    let part = async |range| {
        let found = blobs.get(a, &key("digits"), Some(range)).await?;
        assert_eq!(found.info().bytes, 10);
        let range = found.range();
        Ok::<_, tenancy_core::Error>((range, found.into_bytes(10).await?))
    };
    assert_eq!(part(2..5).await.unwrap(), (2..5, Bytes::from("234")));
    assert_eq!(part(8..99).await.unwrap(), (8..10, Bytes::from("89")));
    #[expect(clippy::reversed_empty_ranges, reason = "what a caller may get wrong")]
    for wrong in [10..11, 3..3, 5..2] {
        let error = part(wrong.clone()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{wrong:?}");
    }
}

async fn tenants_do_not_see_each_other(place: Place) {
    let (blobs, Place { a, b, .. }) = (place.blobs(), &place);
    blobs.put(a, &key("x/one"), pieces(["a"])).await.unwrap();
    blobs.put(b, &key("x/one"), pieces(["bb"])).await.unwrap();
    blobs.put(b, &key("two"), pieces(["b"])).await.unwrap();
    assert_eq!(read(&blobs, a, "x/one").await.unwrap(), "a");
    let error = read(&blobs, a, "two").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(names(&blobs, a).await, ["x/one"]);
    assert_eq!(blobs.usage(a).await.unwrap(), 1);
    blobs.delete(a, &key("two")).await.unwrap();

    let refused = blobs.erase(a).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::InvalidInput);
    blobs.erase(&place.platform(a).await).await.unwrap();
    assert_eq!(names(&blobs, a).await, [""; 0]);
    assert_eq!(names(&blobs, b).await, ["two", "x/one"]);
    assert_eq!(blobs.usage(b).await.unwrap(), 3);
}

async fn a_scope_of_another_realm_is_refused(place: Place) {
    let stranger = Place::memory().await;
    let blobs = place.blobs();
    let scope = &stranger.a;
    let name = key("one");
    let refusals = [
        blobs.put(scope, &name, pieces(["x"])).await.map(drop),
        blobs.get(scope, &name, None).await.map(drop),
        blobs.head(scope, &name).await.map(drop),
        blobs.delete(scope, &name).await,
        blobs.usage(scope).await.map(drop),
        blobs.sweep(scope).await,
        blobs.erase(scope).await,
        blobs.list(scope).await.map(drop),
    ];
    for refusal in refusals {
        assert_eq!(refusal.unwrap_err().kind(), ErrorKind::WrongRealm);
    }
}

async fn a_key_can_go_on_where_another_ends(place: Place) {
    let (blobs, Place { a, .. }) = (place.blobs(), &place);
    for name in ["a", "a/b", "a/b/c"] {
        blobs
            .put(a, &key(name), pieces([name.to_owned()]))
            .await
            .unwrap();
    }
    assert_eq!(names(&blobs, a).await, ["a", "a/b", "a/b/c"]);
    blobs.delete(a, &key("a")).await.unwrap();
    // That it is gone already is no error.
    blobs.delete(a, &key("a")).await.unwrap();
    assert_eq!(read(&blobs, a, "a/b").await.unwrap(), "a/b");
    let error = blobs.head(a, &key("a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

on_both!(
    a_blob_is_read_as_it_was_written,
    a_key_can_go_on_where_another_ends,
    a_range_is_read_alone,
    a_scope_of_another_realm_is_refused,
    tenants_do_not_see_each_other,
);
