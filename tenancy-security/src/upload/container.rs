//! Pictures as the parts they are made of, read as they come and never decoded.

mod compressed;
mod gif;
mod jpeg;
mod png;
mod webp;

use self::compressed::{Compressed, Layout};
use self::gif::Gif;
use self::jpeg::Jpeg;
use self::png::Png;
use self::webp::WebP;
use super::budget::Budget;
use super::marks::{IN_METADATA, Marks};
use super::refusal::UploadRefusal;

/// What a format wants of the bytes that follow.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Want {
    /// Nothing: the picture has ended.
    End,
    /// So many bytes, if any follow at all.
    EndOr(usize),
    /// To get past so many bytes.
    Skip { bytes: u64, what: Skipped },
    /// So many bytes, a few.
    Take(usize),
    /// To get past the next byte of this value.
    Until(u8),
}

/// What the bytes are that nobody needs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Skipped {
    /// What the picture says of itself, of which a part may be compressed.
    Compressed(Layout),
    /// The picture, or what belongs to it.
    Data,
    /// What the picture says of itself.
    Words,
}

#[derive(Debug)]
enum Format {
    Gif(Gif),
    Jpeg(Jpeg),
    Png(Png),
    WebP(WebP),
}

/// A picture that is being read.
#[derive(Debug)]
pub(super) struct Container {
    format: Format,
    want: Want,
    taken: Vec<u8>,
    metadata: Marks,
    /// Made when there is any.
    compressed: Option<Compressed>,
}

impl Container {
    pub(super) fn gif() -> Self {
        Self::new(Format::Gif(Gif::default()), gif::BEGINNING)
    }

    pub(super) fn jpeg() -> Self {
        Self::new(Format::Jpeg(Jpeg::default()), jpeg::BEGINNING)
    }

    pub(super) fn png() -> Self {
        Self::new(Format::Png(Png::default()), png::BEGINNING)
    }

    pub(super) fn webp() -> Self {
        Self::new(Format::WebP(WebP::default()), webp::BEGINNING)
    }

    fn new(format: Format, beginning: usize) -> Self {
        Self {
            format,
            want: Want::Take(beginning),
            taken: Vec::new(),
            metadata: Marks::new(IN_METADATA),
            compressed: None,
        }
    }

    pub(super) fn update(
        &mut self,
        mut piece: &[u8],
        budget: &mut Budget,
    ) -> Result<(), UploadRefusal> {
        while !piece.is_empty() {
            match self.want {
                Want::End => return Err(UploadRefusal::Trailing),
                Want::EndOr(bytes) | Want::Take(bytes) => {
                    let (now, rest) = split(piece, bytes - self.taken.len());
                    self.taken.extend_from_slice(now);
                    piece = rest;
                    if self.taken.len() == bytes {
                        self.go_on(budget)?;
                    }
                }
                Want::Skip { bytes, what } => {
                    let (now, rest) = split(piece, usize::try_from(bytes).unwrap_or(usize::MAX));
                    if what != Skipped::Data && self.metadata.are_in(now) {
                        return Err(UploadRefusal::Active);
                    }
                    if let (Skipped::Compressed(_), Some(words)) = (what, &mut self.compressed) {
                        words.update(now)?;
                    }
                    piece = rest;
                    let left = bytes - now.len() as u64;
                    self.want = Want::Skip { bytes: left, what };
                    if left == 0 {
                        if let (Skipped::Compressed(_), Some(words)) = (what, &self.compressed) {
                            words.finish()?;
                        }
                        self.go_on(budget)?;
                    }
                }
                Want::Until(byte) => match piece.iter().position(|&one| one == byte) {
                    Some(at) => {
                        piece = &piece[at + 1..];
                        self.go_on(budget)?;
                    }
                    None => piece = &[],
                },
            }
        }
        Ok(())
    }

    /// Fails where the picture has not ended.
    pub(super) fn finish(&self) -> Result<(), UploadRefusal> {
        match self.want {
            Want::End => Ok(()),
            Want::EndOr(_) if self.taken.is_empty() => Ok(()),
            Want::EndOr(_) => Err(UploadRefusal::Trailing),
            Want::Skip { .. } | Want::Take(_) | Want::Until(_) => Err(UploadRefusal::Malformed),
        }
    }

    /// Asks the format what comes next, until that is something there must be bytes for.
    fn go_on(&mut self, budget: &mut Budget) -> Result<(), UploadRefusal> {
        loop {
            self.want = match &mut self.format {
                Format::Gif(gif) => gif.next(&self.taken, budget),
                Format::Jpeg(jpeg) => jpeg.next(&self.taken, budget),
                Format::Png(png) => png.next(&self.taken, budget),
                Format::WebP(webp) => webp.next(&self.taken, budget),
            }?;
            self.taken.clear();
            if let Want::Skip {
                what: Skipped::Compressed(layout),
                ..
            } = self.want
            {
                let compressed = self.compressed.get_or_insert_with(Compressed::default);
                compressed.begin(layout)?;
            }
            if !matches!(self.want, Want::Skip { bytes: 0, .. }) {
                return Ok(());
            }
        }
    }
}

fn split(bytes: &[u8], at: usize) -> (&[u8], &[u8]) {
    bytes.split_at(at.min(bytes.len()))
}

/// What a format takes for its own: exactly so many bytes, which [`Want::Take`] has asked for.
fn exactly<const N: usize>(taken: &[u8]) -> Result<[u8; N], UploadRefusal> {
    taken.try_into().map_err(|_| UploadRefusal::Malformed)
}
