use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tenancy_core::{Error, ErrorKind};

use super::{Place, key, pieces, read};

/// Every file under a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let inside = entries.flat_map(|entry| match entry.file_type().unwrap().is_dir() {
        true => files(&entry.path()),
        false => vec![entry.path()],
    });
    inside.collect()
}

fn root(place: &Place) -> PathBuf {
    place.folder.as_ref().unwrap().path().join("blobs")
}

#[tokio::test]
async fn the_folder_is_private_and_each_tenants_own() {
    let place = Place::folder().await;
    let mode = fs::metadata(root(&place)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    let blobs = place.blobs();
    blobs
        .put(&place.a, &key("x/y"), pieces(["a"]))
        .await
        .unwrap();
    let own = root(&place).join(place.a.tenant_id().to_string());
    assert_eq!(files(&root(&place)), [own.join("x_/y")]);
    blobs.erase(&place.platform(&place.a).await).await.unwrap();
    assert!(!own.exists());
}

#[tokio::test]
async fn a_put_that_fails_or_is_dropped_leaves_nothing() {
    let place = Place::folder().await;
    let (blobs, scope) = (place.blobs(), &place.a);
    let piece = || Ok(Bytes::from(vec![b'x'; 300_000]));
    blobs
        .put(scope, &key("one"), pieces(["old"]))
        .await
        .unwrap();

    let broken = Error::new(ErrorKind::Interrupted);
    let content = stream::iter([piece(), piece(), Err(broken)]);
    let error = blobs.put(scope, &key("one"), content).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(files(&root(&place)).len(), 1);

    let endless = stream::iter([piece(), piece()]).chain(stream::pending());
    let name = key("one");
    let mut put = Box::pin(blobs.put(scope, &name, endless));
    // Driven until both pieces are on their way, and dropped there.
    while files(&root(&place)).len() < 2 {
        let step = tokio::time::timeout(Duration::from_millis(1), &mut put).await;
        assert!(step.is_err());
    }
    drop(put);
    let cleaned = async {
        while files(&root(&place)).len() > 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), cleaned)
        .await
        .unwrap();
    assert_eq!(read(&blobs, scope, "one").await.unwrap(), "old");
}

#[tokio::test]
async fn what_a_crash_left_is_swept_once_it_is_old() {
    let place = Place::folder().await;
    let (blobs, scope) = (place.blobs(), &place.a);
    blobs
        .put(scope, &key("x/one"), pieces(["1"]))
        .await
        .unwrap();
    let own = root(&place).join(scope.tenant_id().to_string());
    let (old, fresh) = (own.join("x_/two#1"), own.join("x_/two#2"));
    for left in [&old, &fresh] {
        fs::write(left, "half").unwrap();
    }
    let day_before = SystemTime::now() - Duration::from_secs(25 * 60 * 60);
    for aged in [&old, &own.join("x_/one")] {
        let file = fs::File::options().append(true).open(aged).unwrap();
        file.set_modified(day_before).unwrap();
    }
    // None of it counts or is seen.
    assert_eq!(blobs.usage(scope).await.unwrap(), 1);
    blobs.sweep(scope).await.unwrap();
    blobs.sweep(&place.b).await.unwrap();
    let mut left = files(&root(&place));
    left.sort();
    assert_eq!(left, [own.join("x_/one"), fresh]);
}

#[tokio::test]
async fn a_disk_that_takes_nothing_is_unavailable() {
    let place = Place::folder().await;
    let blobs = place.builder().quota(|_| 1000).build();
    // A file where the tenant's folder would be.
    let own = root(&place).join(place.a.tenant_id().to_string());
    fs::write(&own, "").unwrap();
    let error = blobs.put(&place.a, &key("x/y"), pieces(["a"])).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Unavailable);
    fs::remove_file(&own).unwrap();
    blobs
        .put(&place.a, &key("x/y"), pieces(["a"]))
        .await
        .unwrap();
    assert_eq!(blobs.usage(&place.a).await.unwrap(), 1);
}

#[tokio::test]
async fn a_probe_leaves_nothing_and_clears_away_what_a_crash_has_left() {
    let place = Place::folder().await;
    let probes = root(&place).join("_probes");
    fs::create_dir(&probes).unwrap();
    let left = |name: &str, seconds: u64| {
        let path = probes.join(name);
        let file = fs::File::create(&path).unwrap();
        let then = SystemTime::now() - Duration::from_secs(seconds);
        file.set_modified(then).unwrap();
        path
    };
    left("0192f0c1-0000-7000-8000-000000000000", 3600);
    left("0192f0c1-0000-7000-8000-000000000001#1", 3600);
    let at_work = left("0192f0c1-0000-7000-8000-000000000002", 60);
    let second = Duration::from_secs(1);
    place.store.probe(second).await.unwrap();
    assert_eq!(files(&root(&place)), [at_work]);

    fs::remove_dir_all(root(&place)).unwrap();
    fs::write(root(&place), "no folder").unwrap();
    let error = place.store.probe(second).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}
