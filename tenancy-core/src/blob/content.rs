use std::ops::Range;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt as _};
use object_store::GetResult;

use super::blobs::BlobInfo;
use super::error::within;
use crate::error::{Error, ErrorKind};

/// A blob that is being read.
pub struct Blob {
    info: BlobInfo,
    range: Range<u64>,
    content: BoxStream<'static, Result<Bytes, object_store::Error>>,
    time_out: Duration,
}

impl Blob {
    pub(super) fn new(info: BlobInfo, found: GetResult, time_out: Duration) -> Self {
        Self {
            info,
            range: found.range.clone(),
            content: found.into_stream(),
            time_out,
        }
    }

    /// The blob's size and age.
    pub fn info(&self) -> &BlobInfo {
        &self.info
    }

    /// Which of its bytes come.
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// The bytes as they come from the store, each piece within the time-out.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Error>> + Send + 'static {
        let time_out = self.time_out;
        stream::try_unfold(self.content, move |mut content| async move {
            let next = within(time_out, async { content.next().await.transpose() });
            Ok(next.await?.map(|piece| (piece, content)))
        })
    }

    /// All the bytes, unless they are more than `bytes_max`.
    ///
    /// # Errors
    /// [`InvalidInput`](ErrorKind::InvalidInput) for a larger blob, and those of the store.
    pub async fn into_bytes(self, bytes_max: u64) -> Result<Bytes, Error> {
        let bytes = self.range.end - self.range.start;
        if bytes > bytes_max {
            return Err(Error::with_source(
                ErrorKind::InvalidInput,
                format!("the blob has {bytes} bytes, and at most {bytes_max} are read at once"),
            ));
        }
        let mut all = BytesMut::new();
        let mut content = std::pin::pin!(self.into_stream());
        while let Some(piece) = content.next().await {
            all.extend_from_slice(&piece?);
        }
        Ok(all.freeze())
    }
}

impl std::fmt::Debug for Blob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Blob")
            .field("info", &self.info)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}
