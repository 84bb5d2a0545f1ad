use super::super::budget::Budget;
use super::super::refusal::UploadRefusal;
use super::{Skipped, Want, exactly};

pub(super) const BEGINNING: usize = 13;

/// What a decoded pixel takes.
const PIXEL_BYTES: u64 = 4;

/// Where in a GIF (version 89a, appendix A of its specification) the next bytes stand.
#[derive(Debug, Default)]
pub(super) struct Gif {
    place: Place,
    has_frame: bool,
}

#[derive(Clone, Copy, Debug, Default)]
enum Place {
    #[default]
    Start,
    /// Before the byte that says what comes.
    Block,
    Introducer,
    Label,
    Frame,
    /// After a frame's own colours.
    CodeSize,
    /// Before a sub-block's length.
    Length {
        what: Skipped,
    },
    Data {
        what: Skipped,
    },
}

impl Gif {
    pub(super) fn next(
        &mut self,
        taken: &[u8],
        budget: &mut Budget,
    ) -> Result<Want, UploadRefusal> {
        let malformed = Err(UploadRefusal::Malformed);
        match self.place {
            Place::Start => {
                let head: [u8; BEGINNING] = exactly(taken)?;
                if !matches!(&head[..6], b"GIF87a" | b"GIF89a") {
                    return malformed;
                }
                budget.picture(
                    number(head[6], head[7]),
                    number(head[8], head[9]),
                    PIXEL_BYTES,
                )?;
                self.place = Place::Block;
                Ok(colors(head[10]))
            }
            Place::Block => {
                self.place = Place::Introducer;
                Ok(Want::Take(1))
            }
            Place::Introducer => match exactly(taken)? {
                [b'!'] => {
                    self.place = Place::Label;
                    Ok(Want::Take(1))
                }
                [b','] => {
                    self.place = Place::Frame;
                    Ok(Want::Take(9))
                }
                [b';'] if self.has_frame => Ok(Want::End),
                _ => malformed,
            },
            Place::Label => Ok(self.blocks(Skipped::Words)),
            Place::Frame => {
                let frame: [u8; 9] = exactly(taken)?;
                let (width, height) = (number(frame[4], frame[5]), number(frame[6], frame[7]));
                budget.picture(width, height, PIXEL_BYTES)?;
                self.has_frame = true;
                self.place = Place::CodeSize;
                Ok(match colors(frame[8]) {
                    // One byte more: how long the codes are.
                    Want::Skip { bytes, what } => Want::Skip {
                        bytes: bytes + 1,
                        what,
                    },
                    other => other,
                })
            }
            Place::CodeSize => Ok(self.blocks(Skipped::Data)),
            Place::Length { what } => {
                let [length] = exactly(taken)?;
                self.place = match length {
                    0 => Place::Block,
                    _ => Place::Data { what },
                };
                Ok(Want::Skip {
                    bytes: length.into(),
                    what,
                })
            }
            Place::Data { what } => Ok(self.blocks(what)),
        }
    }

    fn blocks(&mut self, what: Skipped) -> Want {
        self.place = Place::Length { what };
        Want::Take(1)
    }
}

fn number(low: u8, high: u8) -> u32 {
    u16::from_le_bytes([low, high]).into()
}

/// Past the table of colours, where these flags say that there is one.
fn colors(flags: u8) -> Want {
    let bytes = match flags & 0x80 {
        0 => 0,
        _ => 3 << ((flags & 7) + 1),
    };
    Want::Skip {
        bytes,
        what: Skipped::Words,
    }
}
