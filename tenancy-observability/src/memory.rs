//! How much memory a piece of work has asked for, in bytes.
//!
//! A process's size says nothing of one request among many. [`CountingAllocator`] counts for each
//! thread what it allocates, and whoever reads that count before and after each poll of a future
//! knows what the future asked for, however many others were polled in between.
//!
//! ```
//! use tenancy_observability::memory::{self, CountingAllocator};
//!
//! #[global_allocator]
//! static ALLOCATOR: CountingAllocator = CountingAllocator::system();
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let (text, bytes) = memory::count(async { "x".repeat(4096) }).await;
//! assert!(bytes >= Some(text.len() as u64));
//! # }
//! ```
//!
//! What work spawns runs elsewhere and is not its own; wrap it in [`count`] too where it matters.
//! Memory that is given back does not lessen the count, and what grows is counted by how much it
//! grows.
#![allow(
    unsafe_code,
    reason = "an allocator is written with `unsafe` by its trait; this one only passes on and counts"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;

thread_local! {
    // Without a destructor and made at compile time, so it may be used from within an allocator.
    static ALLOCATED: Cell<u64> = const { Cell::new(0) };
}

/// An allocator that counts what each thread asks for, and leaves the work to another.
#[derive(Clone, Copy, Debug, Default)]
pub struct CountingAllocator<A = System>(A);

impl CountingAllocator {
    /// Counts before the system's allocator.
    pub const fn system() -> Self {
        Self(System)
    }
}

impl<A> CountingAllocator<A> {
    /// Counts before another allocator.
    pub const fn new(allocator: A) -> Self {
        Self(allocator)
    }
}

fn add(bytes: usize) {
    // A thread that is ending may have no counter any more, and nobody reads it then.
    let _ = ALLOCATED.try_with(|allocated| allocated.set(allocated.get() + bytes as u64));
}

// SAFETY: every call goes on to the inner allocator as it came, and counting allocates nothing.
unsafe impl<A: GlobalAlloc> GlobalAlloc for CountingAllocator<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller keeps the trait's contract.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller keeps the trait's contract.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the trait's contract.
        unsafe { self.0.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add(size.saturating_sub(layout.size()));
        // SAFETY: the caller keeps the trait's contract.
        unsafe { self.0.realloc(place, layout, size) }
    }
}

/// How many bytes this thread has asked for since it began. `None` where no [`CountingAllocator`] is
/// the program's: a thread that runs has allocated something.
pub fn allocated() -> Option<u64> {
    let bytes = ALLOCATED.try_with(Cell::get).unwrap_or_default();
    (bytes > 0).then_some(bytes)
}

/// What was asked for during some of a thread's work.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally(Option<u64>);

impl Tally {
    pub(crate) fn bytes(self) -> Option<u64> {
        self.0
    }

    /// Adds what was asked for on this thread since `before`.
    pub(crate) fn add_since(&mut self, before: Option<u64>) {
        if let (Some(before), Some(now)) = (before, allocated()) {
            self.0 = Some(self.0.unwrap_or_default() + (now - before));
        }
    }
}

pin_project! {
    /// A future and what it has asked for; see [`count`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Counted<F> {
        #[pin]
        work: F,
        tally: Tally,
    }
}

/// Runs `work` and counts the bytes it asks for, whatever runs on its thread beside it.
pub fn count<F: Future>(work: F) -> Counted<F> {
    Counted {
        work,
        tally: Tally::default(),
    }
}

impl<F: Future> Future for Counted<F> {
    type Output = (F::Output, Option<u64>);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let before = allocated();
        let polled = this.work.poll(cx);
        this.tally.add_since(before);
        let output = ready!(polled);
        Poll::Ready((output, this.tally.bytes()))
    }
}
