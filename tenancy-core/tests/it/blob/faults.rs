//! A store whose calls fail, or never come back.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _, future, stream};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result, UploadPart,
};
use tenancy_core::ErrorKind;
use tenancy_core::blob::BlobStore;

use super::{Place, key, pieces};

#[derive(Debug, Default)]
struct Faulty {
    inner: InMemory,
    hangs: AtomicBool,
    fails: AtomicBool,
    aborted: Arc<AtomicBool>,
}

impl Faulty {
    async fn answer(&self) -> Result<()> {
        if self.hangs.load(Ordering::Relaxed) {
            future::pending::<()>().await;
        }
        if self.fails.load(Ordering::Relaxed) {
            return Err(full());
        }
        Ok(())
    }
}

fn full() -> Error {
    Error::Generic {
        store: "faulty",
        source: "no space left on device".into(),
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("faulty")
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, at: &Path, what: PutPayload, how: PutOptions) -> Result<PutResult> {
        self.answer().await?;
        self.inner.put_opts(at, what, how).await
    }

    async fn put_multipart_opts(
        &self,
        _: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Ok(Box::new(LostParts(self.aborted.clone())))
    }

    async fn get_opts(&self, at: &Path, how: GetOptions) -> Result<GetResult> {
        self.answer().await?;
        self.inner.get_opts(at, how).await
    }

    fn delete_stream(
        &self,
        at: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(at)
    }

    fn list(&self, _: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.hangs.load(Ordering::Relaxed) {
            true => stream::pending().boxed(),
            false => self.inner.list(None),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, how: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, how).await
    }
}

/// Takes no part.
#[derive(Debug)]
struct LostParts(Arc<AtomicBool>);

#[async_trait]
impl MultipartUpload for LostParts {
    fn put_part(&mut self, _: PutPayload) -> UploadPart {
        future::ready(Err(full())).boxed()
    }

    async fn complete(&mut self) -> Result<PutResult> {
        Err(full())
    }

    async fn abort(&mut self) -> Result<()> {
        self.0.store(true, Ordering::Relaxed);
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn no_call_waits_for_ever() {
    let store = Arc::new(Faulty::default());
    let place = Place::new(BlobStore::service(store.clone()), None).await;
    let blobs = place.builder().time_out(Duration::from_secs(3)).build();
    store.hangs.store(true, Ordering::Relaxed);
    let (a, name) = (&place.a, key("one"));
    let refusals = [
        blobs.put(a, &name, pieces(["x"])).await.map(drop),
        blobs.get(a, &name, None).await.map(drop),
        blobs.head(a, &name).await.map(drop),
        blobs.usage(a).await.map(drop),
    ];
    for refusal in refusals {
        assert_eq!(refusal.unwrap_err().kind(), ErrorKind::TimedOut);
    }
}

#[tokio::test]
async fn a_full_store_is_unavailable_and_takes_up_no_quota() {
    let store = Arc::new(Faulty::default());
    let place = Place::new(BlobStore::service(store.clone()), None).await;
    let blobs = place.builder().quota(|_| 20_000_000).build();
    let put = async |bytes| {
        let content = pieces([Bytes::from(vec![0; bytes])]);
        let outcome = blobs.put(&place.a, &key("one"), content).await;
        outcome.map(drop).map_err(|error| error.kind())
    };
    store.fails.store(true, Ordering::Relaxed);
    assert_eq!(put(1000).await, Err(ErrorKind::Unavailable));
    store.fails.store(false, Ordering::Relaxed);
    // In parts, of which the first is lost.
    assert_eq!(put(9_000_000).await, Err(ErrorKind::Unavailable));
    assert!(store.aborted.load(Ordering::Relaxed));
    assert_eq!(blobs.usage(&place.a).await.unwrap(), 0);
    assert_eq!(put(8_000_000).await, Ok(()));
    assert_eq!(blobs.usage(&place.a).await.unwrap(), 8_000_000);
}
