use super::super::budget::Budget;
use super::super::refusal::UploadRefusal;
use super::compressed::Layout;
use super::{Skipped, Want, exactly};

pub(super) const BEGINNING: usize = 8;

/// What follows a chunk's data: a checksum, which says nothing about who wrote it.
const CHECKSUM_BYTES: u64 = 4;

/// Where in a PNG (third edition, moving pictures included) the next bytes stand.
#[derive(Debug, Default)]
pub(super) struct Png {
    place: Place,
    pixel_bytes: Option<u64>,
    has_data: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum Place {
    #[default]
    Start,
    Chunk,
    Head,
    Header,
    Frame,
    End,
}

impl Png {
    pub(super) fn next(
        &mut self,
        taken: &[u8],
        budget: &mut Budget,
    ) -> Result<Want, UploadRefusal> {
        match self.place {
            Place::Start if taken == b"\x89PNG\r\n\x1A\n" => Ok(self.chunk()),
            Place::Start => Err(UploadRefusal::Malformed),
            Place::Chunk => Ok(self.chunk()),
            Place::Head => {
                let head: [u8; 8] = exactly(taken)?;
                let (length, name) = (number(&head[..4])?, &head[4..]);
                self.head(length, name)
            }
            Place::Header => {
                let header: [u8; 13] = exactly(taken)?;
                let pixel_bytes = pixel_bytes(header[8], header[9])?;
                budget.picture(number(&header[..4])?, number(&header[4..8])?, pixel_bytes)?;
                self.pixel_bytes = Some(pixel_bytes);
                Ok(self.past(0, Skipped::Data))
            }
            Place::Frame => {
                let frame: [u8; 26] = exactly(taken)?;
                let pixel_bytes = self.pixel_bytes.unwrap_or(8);
                budget.picture(number(&frame[4..8])?, number(&frame[8..12])?, pixel_bytes)?;
                Ok(self.past(0, Skipped::Data))
            }
            Place::End => Ok(Want::End),
        }
    }

    fn chunk(&mut self) -> Want {
        self.place = Place::Head;
        Want::Take(8)
    }

    fn past(&mut self, length: u32, what: Skipped) -> Want {
        self.place = Place::Chunk;
        Want::Skip {
            bytes: u64::from(length) + CHECKSUM_BYTES,
            what,
        }
    }

    fn head(&mut self, length: u32, name: &[u8]) -> Result<Want, UploadRefusal> {
        let is_first = self.pixel_bytes.is_none();
        match (name, length) {
            (b"IHDR", 13) if is_first => {
                self.place = Place::Header;
                Ok(Want::Take(13))
            }
            (b"IHDR", _) => Err(UploadRefusal::Malformed),
            _ if is_first || length > i32::MAX.unsigned_abs() => Err(UploadRefusal::Malformed),
            (b"fcTL", 26) => {
                self.place = Place::Frame;
                Ok(Want::Take(26))
            }
            (b"IDAT" | b"fdAT", _) => {
                self.has_data = true;
                Ok(self.past(length, Skipped::Data))
            }
            (b"IEND", 0) if self.has_data => {
                let past = self.past(0, Skipped::Data);
                self.place = Place::End;
                Ok(past)
            }
            (b"IEND" | b"fcTL", _) => Err(UploadRefusal::Malformed),
            (b"iCCP" | b"zTXt", _) => Ok(self.past(length, Skipped::Compressed(Layout::Named))),
            (b"iTXt", _) => Ok(self.past(length, Skipped::Compressed(Layout::International))),
            _ if name.iter().all(u8::is_ascii_alphabetic) => Ok(self.past(length, Skipped::Words)),
            _ => Err(UploadRefusal::Malformed),
        }
    }
}

fn number(bytes: &[u8]) -> Result<u32, UploadRefusal> {
    exactly(bytes).map(u32::from_be_bytes)
}

/// What a decoded pixel takes, in whole bytes.
fn pixel_bytes(depth: u8, color: u8) -> Result<u64, UploadRefusal> {
    let channels = match color {
        0 | 3 => 1,
        2 => 3,
        4 => 2,
        6 => 4,
        _ => return Err(UploadRefusal::Malformed),
    };
    match depth {
        1 | 2 | 4 | 8 => Ok(channels),
        16 => Ok(2 * channels),
        _ => Err(UploadRefusal::Malformed),
    }
}
