use super::super::budget::Budget;
use super::super::refusal::UploadRefusal;
use super::{Skipped, Want, exactly};

pub(super) const BEGINNING: usize = 12;

/// What a decoded pixel takes.
const PIXEL_BYTES: u64 = 4;

/// Where in a WebP (RFC 9649) the next bytes stand.
#[derive(Debug, Default)]
pub(super) struct WebP {
    place: Place,
    /// What the file's header says is still to come.
    left: u64,
    has_picture: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum Place {
    #[default]
    Start,
    Chunk,
    Head,
    /// In what a chunk begins with; so much of it follows.
    Canvas {
        rest: u64,
    },
    Frame {
        rest: u64,
    },
    Lossless {
        rest: u64,
    },
    Lossy {
        rest: u64,
    },
}

impl WebP {
    pub(super) fn next(
        &mut self,
        taken: &[u8],
        budget: &mut Budget,
    ) -> Result<Want, UploadRefusal> {
        match self.place {
            Place::Start => {
                let head: [u8; BEGINNING] = exactly(taken)?;
                let bytes = u64::from(u32::from_le_bytes([head[4], head[5], head[6], head[7]]));
                if &head[..4] != b"RIFF" || &head[8..] != b"WEBP" || bytes < 4 {
                    return Err(UploadRefusal::Malformed);
                }
                self.left = bytes - 4;
                self.chunk()
            }
            Place::Chunk => self.chunk(),
            Place::Head => {
                let head: [u8; 8] = exactly(taken)?;
                let bytes = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
                self.head(&head[..4], u64::from(bytes).next_multiple_of(2))
            }
            Place::Canvas { rest } => {
                let canvas: [u8; 10] = exactly(taken)?;
                budget.picture(size(&canvas[4..7]), size(&canvas[7..10]), PIXEL_BYTES)?;
                Ok(self.past(rest, Skipped::Data))
            }
            Place::Frame { rest } => {
                let frame: [u8; 16] = exactly(taken)?;
                budget.picture(size(&frame[6..9]), size(&frame[9..12]), PIXEL_BYTES)?;
                self.has_picture = true;
                Ok(self.past(rest, Skipped::Data))
            }
            Place::Lossless { rest } => {
                let [signature, a, b, c, d] = exactly(taken)?;
                let bits = u32::from_le_bytes([a, b, c, d]);
                if signature != 0x2F {
                    return Err(UploadRefusal::Malformed);
                }
                let (width, height) = ((bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1);
                self.picture(width, height, rest, budget)
            }
            Place::Lossy { rest } => {
                let head: [u8; 10] = exactly(taken)?;
                let is_key_frame = head[0] & 1 == 0;
                if !is_key_frame || head[3..6] != [0x9D, 0x01, 0x2A] {
                    return Err(UploadRefusal::Malformed);
                }
                let number = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3FFF);
                let (width, height) = (number(head[6], head[7]), number(head[8], head[9]));
                self.picture(width, height, rest, budget)
            }
        }
    }

    fn chunk(&mut self) -> Result<Want, UploadRefusal> {
        match self.left {
            0 if self.has_picture => Ok(Want::End),
            left => {
                self.left = left.checked_sub(8).ok_or(UploadRefusal::Malformed)?;
                self.place = Place::Head;
                Ok(Want::Take(8))
            }
        }
    }

    fn head(&mut self, name: &[u8], bytes: u64) -> Result<Want, UploadRefusal> {
        let left = self.left.checked_sub(bytes);
        self.left = left.ok_or(UploadRefusal::Malformed)?;
        let rest_after = |taken| bytes.checked_sub(taken).ok_or(UploadRefusal::Malformed);
        let taken = match name {
            b"VP8X" => 10,
            b"ANMF" => 16,
            b"VP8L" => 5,
            b"VP8 " => 10,
            b"ALPH" | b"ANIM" => return Ok(self.past(bytes, Skipped::Data)),
            _ => return Ok(self.past(bytes, Skipped::Words)),
        };
        let rest = rest_after(taken as u64)?;
        self.place = match name {
            b"VP8X" => Place::Canvas { rest },
            b"ANMF" => Place::Frame { rest },
            b"VP8L" => Place::Lossless { rest },
            _ => Place::Lossy { rest },
        };
        Ok(Want::Take(taken))
    }

    fn picture(
        &mut self,
        width: u32,
        height: u32,
        rest: u64,
        budget: &mut Budget,
    ) -> Result<Want, UploadRefusal> {
        budget.picture(width, height, PIXEL_BYTES)?;
        self.has_picture = true;
        Ok(self.past(rest, Skipped::Data))
    }

    fn past(&mut self, bytes: u64, what: Skipped) -> Want {
        self.place = Place::Chunk;
        Want::Skip { bytes, what }
    }
}

/// Three bytes that hold one less.
fn size(bytes: &[u8]) -> u32 {
    let number = bytes.iter().rev();
    number.fold(0, |sum, &byte| (sum << 8) | u32::from(byte)) + 1
}
