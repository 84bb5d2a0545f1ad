use super::super::budget::Budget;
use super::super::refusal::UploadRefusal;
use super::{Skipped, Want, exactly};

pub(super) const BEGINNING: usize = 2;

/// More passes over one picture than any program writes; each costs whoever decodes it.
const SCANS_MAX: u32 = 100;

/// Where in a JPEG (ITU T.81, annex B) the next bytes stand.
///
/// Another picture may follow the first: telephones write small ones and maps of brightness there
/// (CIPA DC-007). Anything else behind the end is refused.
#[derive(Debug, Default)]
pub(super) struct Jpeg {
    place: Place,
    has_frame: bool,
    scans: u32,
}

#[derive(Clone, Copy, Debug, Default)]
enum Place {
    #[default]
    Start,
    /// Before a marker.
    Segment,
    Marker,
    /// After a byte that only fills.
    Code,
    Length {
        code: u8,
    },
    Frame {
        rest: u64,
    },
    /// After a scan's own header.
    Scan,
    /// In the data, after a byte that begins a marker or stands for itself.
    Escape,
    EscapeCode,
}

impl Jpeg {
    pub(super) fn next(
        &mut self,
        taken: &[u8],
        budget: &mut Budget,
    ) -> Result<Want, UploadRefusal> {
        let malformed = Err(UploadRefusal::Malformed);
        match self.place {
            Place::Start => match exactly(taken)? {
                [0xFF, 0xD8] => Ok(self.marker()),
                _ if self.scans > 0 => Err(UploadRefusal::Trailing),
                _ => malformed,
            },
            Place::Segment => Ok(self.marker()),
            Place::Marker => match exactly(taken)? {
                [0xFF, code] => self.code(code),
                _ => malformed,
            },
            Place::Code => {
                let [code] = exactly(taken)?;
                self.code(code)
            }
            Place::Length { code } => {
                let length = u64::from(u16::from_be_bytes(exactly(taken)?));
                let Some(rest) = length.checked_sub(2) else {
                    return malformed;
                };
                self.segment(code, rest)
            }
            Place::Frame { rest } => {
                let [precision, h1, h0, w1, w0, components]: [u8; 6] = exactly(taken)?;
                let pixel_bytes = u64::from(components) * u64::from(precision.div_ceil(8));
                let number = |high, low| u32::from(u16::from_be_bytes([high, low]));
                budget.picture(number(w1, w0), number(h1, h0), pixel_bytes.max(1))?;
                self.has_frame = true;
                self.place = Place::Segment;
                Ok(Want::Skip {
                    bytes: rest,
                    what: Skipped::Words,
                })
            }
            Place::Scan => {
                self.place = Place::Escape;
                Ok(Want::Until(0xFF))
            }
            Place::Escape => {
                self.place = Place::EscapeCode;
                Ok(Want::Take(1))
            }
            Place::EscapeCode => match exactly(taken)? {
                // A byte of data, or a place where decoding may begin anew.
                [0x00 | 0xD0..=0xD7] => {
                    self.place = Place::Escape;
                    Ok(Want::Until(0xFF))
                }
                [0xFF] => Ok(Want::Take(1)),
                [code] => self.code(code),
            },
        }
    }

    fn marker(&mut self) -> Want {
        self.place = Place::Marker;
        Want::Take(2)
    }

    fn code(&mut self, code: u8) -> Result<Want, UploadRefusal> {
        match code {
            0xFF => {
                self.place = Place::Code;
                Ok(Want::Take(1))
            }
            0xD9 if self.has_frame && self.scans > 0 => {
                self.place = Place::Start;
                self.has_frame = false;
                Ok(Want::EndOr(BEGINNING))
            }
            0x00..=0xBF | 0xD0..=0xD9 => Err(UploadRefusal::Malformed),
            _ => {
                self.place = Place::Length { code };
                Ok(Want::Take(2))
            }
        }
    }

    /// A segment with `rest` bytes after its length.
    fn segment(&mut self, code: u8, rest: u64) -> Result<Want, UploadRefusal> {
        match code {
            0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF => {
                let rest = rest.checked_sub(6).ok_or(UploadRefusal::Malformed)?;
                self.place = Place::Frame { rest };
                Ok(Want::Take(6))
            }
            0xDA => {
                self.scans += 1;
                if !self.has_frame || self.scans > SCANS_MAX {
                    return Err(UploadRefusal::Malformed);
                }
                self.place = Place::Scan;
                Ok(Want::Skip {
                    bytes: rest,
                    what: Skipped::Data,
                })
            }
            _ => {
                self.place = Place::Segment;
                Ok(Want::Skip {
                    bytes: rest,
                    what: Skipped::Words,
                })
            }
        }
    }
}
