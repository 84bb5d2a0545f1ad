use bytes::Bytes;
use futures_util::stream;
use tenancy_core::{Error, ErrorKind};
use tokio::task::JoinSet;

use super::{Place, key, pieces};

const FILE_BYTES: usize = 1000;

fn file() -> impl futures_util::Stream<Item = Result<Bytes, Error>> + Send {
    // In pieces with a pause between, so that the puts interleave.
    stream::unfold(0, |sent| async move {
        tokio::task::yield_now().await;
        (sent < FILE_BYTES).then(|| (Ok(Bytes::from(vec![b'x'; 100])), sent + 100))
    })
}

/// 32 at once, of which the quota has room for ten, and 999 bytes are left over.
async fn a_quota_is_exact_under_any_crowd(place: Place) {
    let quota = (10 * FILE_BYTES + 999) as u64;
    let blobs = place.builder().quota(move |_| quota).build();
    for round in 0..3 {
        let mut puts = JoinSet::new();
        for number in 0..32 {
            let (blobs, scope) = (blobs.clone(), place.a.clone());
            let name = key(&format!("round-{round}/{number}"));
            puts.spawn(async move { blobs.put(&scope, &name, file()).await.map_err(|e| e.kind()) });
        }
        let outcomes = puts.join_all().await;
        let kept: Vec<_> = outcomes
            .iter()
            .filter_map(|one| one.as_ref().ok())
            .collect();
        let refused = outcomes.iter().filter_map(|one| one.as_ref().err());
        assert!(
            refused
                .into_iter()
                .all(|&kind| kind == ErrorKind::QuotaExceeded)
        );
        // A put that is refused gives back what it had taken; one that came last can always be.
        assert!((1..=10).contains(&kept.len()), "{}", kept.len());
        let bytes = (kept.len() * FILE_BYTES) as u64;
        assert_eq!(blobs.usage(&place.a).await.unwrap(), bytes);
        // One after the other, exactly as many as there is room for.
        let mut sum = kept.len();
        for number in 100..120 {
            let name = key(&format!("round-{round}/{number}"));
            sum += usize::from(blobs.put(&place.a, &name, file()).await.is_ok());
        }
        assert_eq!(sum, 10);
        assert_eq!(place.blobs().usage(&place.a).await.unwrap(), 10_000);
        // Another tenant has a quota of its own.
        blobs.put(&place.b, &key("one"), file()).await.unwrap();
        for number in 0..120 {
            let name = key(&format!("round-{round}/{number}"));
            blobs.delete(&place.a, &name).await.unwrap();
        }
        assert_eq!(blobs.usage(&place.a).await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_is_exact_in_memory() {
    a_quota_is_exact_under_any_crowd(Place::memory().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_is_exact_in_a_folder() {
    a_quota_is_exact_under_any_crowd(Place::folder().await).await;
}

#[tokio::test]
async fn what_is_there_already_counts_and_a_replacement_counts_once() {
    let place = Place::folder().await;
    let scope = &place.a;
    let before = pieces(["0123456789"]);
    place
        .blobs()
        .put(scope, &key("before"), before)
        .await
        .unwrap();
    let blobs = place.builder().quota(|_| 15).build();
    let error = blobs.put(scope, &key("more"), pieces(["123456"])).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::QuotaExceeded);
    // While the new one is written the old one is still there, and both have to fit.
    let error = blobs.put(scope, &key("before"), pieces(["123456"])).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::QuotaExceeded);
    blobs
        .put(scope, &key("before"), pieces(["12345"]))
        .await
        .unwrap();
    assert_eq!(blobs.usage(scope).await.unwrap(), 5);
    blobs
        .put(scope, &key("more"), pieces(["1234567890"]))
        .await
        .unwrap();
    assert_eq!(blobs.usage(scope).await.unwrap(), 15);
}
