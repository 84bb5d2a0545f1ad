use flate2::{Decompress, FlushDecompress, Status};

use super::super::marks::{IN_METADATA, Marks};
use super::super::refusal::UploadRefusal;

/// How much all that is compressed in one picture may come to: many times what programs write.
const INFLATED_BYTES_MAX: u64 = 1024 * 1024;

/// What each chunk counts for at least, so that their number has an end too.
const CHUNK_BYTES: u64 = 1024;

/// What stands before the compressed part of a chunk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Layout {
    /// A name, whether the text is compressed, how, a language, and the name in it.
    International,
    /// A name, and how the rest is compressed.
    Named,
}

/// What a PNG says of itself in compressed form (third edition, sections 11.3.2.3, 11.3.3.3 and 11.3.3.4),
/// inflated within bounds to be searched as other words are, and not kept.
#[derive(Debug)]
pub(super) struct Compressed {
    layout: Layout,
    place: Place,
    inflater: Decompress,
    marks: Marks,
    left: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    Name,
    IsCompressed,
    Method,
    Language,
    NameInIt,
    Data,
    /// Behind the data, or where there is none.
    Behind,
}

impl Default for Compressed {
    fn default() -> Self {
        Self {
            layout: Layout::Named,
            place: Place::Behind,
            inflater: Decompress::new(true),
            marks: Marks::new(IN_METADATA),
            left: INFLATED_BYTES_MAX,
        }
    }
}

impl Compressed {
    /// Begins a chunk.
    pub(super) fn begin(&mut self, layout: Layout) -> Result<(), UploadRefusal> {
        (self.layout, self.place) = (layout, Place::Name);
        self.inflater.reset(true);
        self.marks = Marks::new(IN_METADATA);
        self.take(CHUNK_BYTES)
    }

    /// Looks at the next bytes of the chunk. Its checksum may be among them, since what is compressed knows
    /// its own end.
    pub(super) fn update(&mut self, mut piece: &[u8]) -> Result<(), UploadRefusal> {
        while let Some((&byte, rest)) = piece.split_first() {
            self.place = match (self.place, byte) {
                (Place::Behind, _) => return Ok(()),
                (Place::Data, _) => return self.inflate(piece),
                (Place::Name, 0) => match self.layout {
                    Layout::International => Place::IsCompressed,
                    Layout::Named => Place::Method,
                },
                (Place::IsCompressed, 0) => Place::Behind,
                (Place::IsCompressed, 1) => Place::Method,
                (Place::Method, 0) => match self.layout {
                    Layout::International => Place::Language,
                    Layout::Named => Place::Data,
                },
                (Place::IsCompressed | Place::Method, _) => return Err(UploadRefusal::Malformed),
                (Place::Language, 0) => Place::NameInIt,
                (Place::NameInIt, 0) => Place::Data,
                (place @ (Place::Name | Place::Language | Place::NameInIt), _) => place,
            };
            piece = rest;
        }
        Ok(())
    }

    /// Fails where the chunk ends before what it holds.
    pub(super) fn finish(&self) -> Result<(), UploadRefusal> {
        match self.place {
            Place::Data => Err(UploadRefusal::Malformed),
            _ => Ok(()),
        }
    }

    fn inflate(&mut self, mut piece: &[u8]) -> Result<(), UploadRefusal> {
        let mut words = [0; 4096];
        loop {
            let (read, written) = (self.inflater.total_in(), self.inflater.total_out());
            let status = self
                .inflater
                .decompress(piece, &mut words, FlushDecompress::None)
                .map_err(|_| UploadRefusal::Malformed)?;
            let read = (self.inflater.total_in() - read) as usize;
            let written = self.inflater.total_out() - written;
            self.take(written)?;
            if self.marks.are_in(&words[..written as usize]) {
                return Err(UploadRefusal::Active);
            }
            if status == Status::StreamEnd {
                self.place = Place::Behind;
                return Ok(());
            }
            if read == 0 && written == 0 {
                return Ok(());
            }
            piece = &piece[read..];
        }
    }

    fn take(&mut self, bytes: u64) -> Result<(), UploadRefusal> {
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or(UploadRefusal::TooManyWords)?;
        Ok(())
    }
}
