use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use axum::BoxError;
use bytes::Bytes;
use futures_util::Stream;

/// How much of a form may be read for nothing, before more is asked for: the head of a part, or what stands
/// before the first.
const HEAD_BYTES_MAX: usize = 8 * 1024;

/// A body that hands on one piece at a time.
///
/// multer takes all there is before it looks at any of it, and looks at all of it again with each piece
/// until a part's head ends. So a whole body would be in memory, and one without an end to a head would
/// cost its square in time.
#[derive(Debug)]
pub(super) struct Pieces<S> {
    body: S,
    unused: Unused,
    /// Whether the reader is to look at the last piece first.
    is_next: bool,
}

/// How many bytes were handed on since something came of them; told to the [`Pieces`] by who reads.
#[derive(Clone, Debug, Default)]
pub(super) struct Unused(Arc<AtomicUsize>);

#[derive(Debug, thiserror::Error)]
#[error("the head of a part has no end")]
struct EndlessHead;

impl<S> Pieces<S> {
    pub(super) fn new(body: S) -> (Self, Unused) {
        let unused = Unused::default();
        let pieces = Self {
            body,
            unused: unused.clone(),
            is_next: false,
        };
        (pieces, unused)
    }
}

impl Unused {
    /// Passes on what the reader made of the pieces.
    pub(super) fn none_after<T>(&self, read: multer::Result<T>) -> multer::Result<T> {
        if read.is_ok() {
            self.0.store(0, Ordering::Relaxed);
        }
        read
    }
}

impl<S, E> Stream for Pieces<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<BoxError>,
{
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let unused = self.unused.0.load(Ordering::Relaxed);
        if std::mem::take(&mut self.is_next) && unused > 0 {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if unused > HEAD_BYTES_MAX {
            return Poll::Ready(Some(Err(EndlessHead.into())));
        }
        let piece = ready!(Pin::new(&mut self.body).poll_next(cx));
        if let Some(Ok(piece)) = &piece {
            self.is_next = true;
            self.unused.0.fetch_add(piece.len(), Ordering::Relaxed);
        }
        Poll::Ready(piece.map(|piece| piece.map_err(Into::into)))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::{StreamExt as _, stream};
    use multer::Multipart;

    use super::*;

    /// A reader of a body that comes in pieces of a size, and how many bytes it has taken.
    fn read(body: &str, piece: usize) -> (Multipart<'static>, Unused, Arc<AtomicUsize>) {
        let taken = Arc::<AtomicUsize>::default();
        let counted = taken.clone();
        let pieces: Vec<_> = body
            .as_bytes()
            .chunks(piece)
            .map(Bytes::copy_from_slice)
            .collect();
        let body = stream::iter(pieces).map(move |piece| {
            counted.fetch_add(piece.len(), Ordering::Relaxed);
            Ok::<_, Infallible>(piece)
        });
        let (pieces, unused) = Pieces::new(body);
        (Multipart::new(pieces, "B"), unused, taken)
    }

    #[tokio::test]
    async fn a_head_without_an_end_is_read_no_further_than_heads_are_long() {
        let check = async |start: &str, piece: usize| {
            let body = format!("{start}{}", "x".repeat(100_000));
            let (mut form, unused, taken) = read(&body, piece);
            unused.none_after(form.next_field().await).unwrap_err();
            let taken = taken.load(Ordering::Relaxed);
            assert!(
                taken <= HEAD_BYTES_MAX + piece,
                "{start:?} {piece}: {taken}"
            );
        };
        for piece in [100, 1000, HEAD_BYTES_MAX, 20_000] {
            check("--B\r\nContent-Disposition: form-data; name=\"", piece).await;
            check("", piece).await;
        }
    }

    #[tokio::test]
    async fn a_second_head_has_an_end_as_well() {
        let start = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\ntext\r\n--B\r\nX: ";
        let (mut form, unused, taken) = read(&format!("{start}{}", "x".repeat(100_000)), 1000);
        let field = unused.none_after(form.next_field().await).unwrap().unwrap();
        assert_eq!(unused.none_after(field.bytes().await).unwrap(), "text");
        unused.none_after(form.next_field().await).unwrap_err();
        // One piece more may have come with each thing that was read.
        assert!(taken.load(Ordering::Relaxed) <= HEAD_BYTES_MAX + 3 * 1000);
    }

    #[tokio::test]
    async fn a_form_is_read_whole_and_never_far_ahead() {
        let content = "0123456789".repeat(50_000);
        let body = format!(
            "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\r\n\
             --B\r\nContent-Disposition: form-data; name=\"b\"\r\n\r\n{content}\r\n--B--\r\n"
        );
        for piece in [7, 1000, 60_000, 1_000_000] {
            let (mut form, unused, taken) = read(&body, piece);
            let empty = unused.none_after(form.next_field().await).unwrap().unwrap();
            assert!(unused.none_after(empty.bytes().await).unwrap().is_empty());
            let mut field = unused.none_after(form.next_field().await).unwrap().unwrap();
            let mut found = String::new();
            while let Some(chunk) = unused.none_after(field.chunk().await).unwrap() {
                found.push_str(std::str::from_utf8(&chunk).unwrap());
                let ahead = taken.load(Ordering::Relaxed) - found.len();
                assert!(ahead <= 2 * piece + 1000, "{piece}: {ahead}");
            }
            assert!(found == content, "{piece}");
            drop(field);
            assert!(
                unused
                    .none_after(form.next_field().await)
                    .unwrap()
                    .is_none()
            );
        }
    }
}
