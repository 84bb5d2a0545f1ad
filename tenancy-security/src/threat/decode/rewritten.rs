//! A text of which some pieces are replaced by others.

/// Takes over a value from its beginning to its end, and copies nothing until a piece is replaced.
#[derive(Debug)]
pub(super) struct Rewritten<'a> {
    value: &'a [u8],
    text: Vec<u8>,
    /// Up to where the value is in the text.
    taken: usize,
    /// Where the piece begins that was found last.
    at: usize,
}

impl<'a> Rewritten<'a> {
    pub(super) fn of(value: &'a [u8]) -> Self {
        Self {
            value,
            text: Vec::new(),
            taken: 0,
            at: 0,
        }
    }

    /// What is left from the next place on that `next` finds, which is to be
    /// [replaced](Self::replace) or [kept](Self::keep).
    #[inline]
    pub(super) fn find(&mut self, next: impl Fn(&[u8]) -> Option<usize>) -> Option<&'a [u8]> {
        let rest = &self.value[self.at..];
        let length = next(rest)?;
        self.at += length;
        Some(&rest[length..])
    }

    /// Leaves the byte found as it is.
    #[inline]
    pub(super) fn keep(&mut self) {
        self.at += 1;
    }

    /// Leaves out so many bytes from the one found on; what stands for them is to be added.
    #[inline]
    pub(super) fn replace(&mut self, length: usize) -> &mut Vec<u8> {
        if self.taken == 0 {
            self.text.reserve(self.value.len());
        }
        self.text
            .extend_from_slice(&self.value[self.taken..self.at]);
        self.at += length;
        self.taken = self.at;
        &mut self.text
    }

    /// The text, if anything was replaced.
    pub(super) fn finish(mut self) -> Option<Vec<u8>> {
        if self.taken == 0 {
            return None;
        }
        self.text.extend_from_slice(&self.value[self.taken..]);
        Some(self.text)
    }
}
