//! Rows of cells from delimited text that people made.
//!
//! The tokenizer is our own, because the damage that matters most, a quote that is never closed,
//! can only be told from good input by somebody who sees the quotes: a forgiving reader swallows
//! every row up to the next quote and reports nothing. Here such a row is reported, and reading
//! goes on with the line after the one in which the quote opened, so no row is lost silently.
//! That is why the input must be able to seek.
//!
//! Memory: one buffer of 64 KiB and one record of at most 4 MiB, whatever the file holds.

mod encoding;
mod tokenizer;

use std::io::{Read, Seek};

use self::encoding::Encoding;
use self::tokenizer::{Damage, Token, Tokenizer};
use super::{ImportError, ImportErrorKind, Issue};

/// The largest cell that is read.
pub(crate) const CELL_BYTES_MAX: usize = 1024 * 1024;
/// The most columns a file may have.
pub(crate) const COLUMNS_MAX: usize = 512;
/// The largest row that is read.
pub(crate) const RECORD_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Where a row stands in the input.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Place {
    pub(crate) offset: u64,
    /// The number of the row, the header being the first.
    pub(crate) row: u64,
}

/// One row: its number and its cells.
#[derive(Debug, Default)]
pub(crate) struct Record {
    place_row: u64,
    text: String,
    ends: Vec<usize>,
}

impl Record {
    /// The number of the row, the header being the first.
    pub(crate) const fn row(&self) -> u64 {
        self.place_row
    }

    /// How many bytes the cells have together.
    pub(crate) const fn len(&self) -> usize {
        self.text.len()
    }

    /// The cell in `column`; empty if there is none.
    pub(crate) fn get(&self, column: usize) -> &str {
        let Some(end) = self.ends.get(column) else {
            return "";
        };
        let start = if column == 0 {
            0
        } else {
            self.ends[column - 1]
        };
        &self.text[start..*end]
    }
}

/// Reads the rows of a file.
pub(crate) struct Records<R> {
    tokenizer: Tokenizer<R>,
    header: Vec<String>,
    record: Record,
    place: Place,
    next_row: u64,
}

impl<R: Read + Seek> Records<R> {
    /// Finds out the encoding and the delimiter, and reads the header.
    pub(crate) fn new(input: R) -> Result<Self, ImportError> {
        let mut tokenizer = Tokenizer::new(input);
        let head = tokenizer.peek().map_err(ImportError::unreadable)?;
        let Encoding { skip, delimiter } = Encoding::detect(head)?;
        tokenizer.start(skip, delimiter);

        let mut records = Self {
            tokenizer,
            header: Vec::new(),
            record: Record::default(),
            place: Place { offset: 0, row: 1 },
            next_row: 1,
        };
        match records.advance()? {
            Advance::Row => {}
            Advance::End => return Err(ImportErrorKind::Empty.into()),
            Advance::Issue(issue) => return Err(ImportError::header(issue.message)),
        }
        let columns = records.record.ends.len();
        if columns > COLUMNS_MAX {
            let message = format!("the file has {columns} columns, at most {COLUMNS_MAX} are read");
            return Err(ImportError::header(message));
        }
        records.header = (0..columns)
            .map(|column| records.record.get(column).to_owned())
            .collect();
        Ok(records)
    }

    /// The names of the columns, as they stand in the file.
    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    /// The row read last; of a row with an issue, the cells before the damage.
    pub(crate) const fn record(&self) -> &Record {
        &self.record
    }

    /// Where the row read last stands.
    pub(crate) const fn place(&self) -> Place {
        self.place
    }

    /// Reads the next row that is not blank into [`record`](Self::record).
    pub(crate) fn advance(&mut self) -> Result<Advance, ImportError> {
        loop {
            self.place = Place {
                offset: self.tokenizer.offset(),
                row: self.next_row,
            };
            self.next_row += 1;
            self.record.place_row = self.place.row;
            let bytes = std::mem::take(&mut self.record.text).into_bytes();
            let token = self
                .tokenizer
                .next(bytes, &mut self.record.ends)
                .map_err(ImportError::unreadable)?;
            match token {
                Token::End => return Ok(Advance::End),
                Token::Blank(bytes) => self.record.text = reuse(bytes),
                Token::Damaged(bytes, damage) => {
                    self.keep_readable(bytes);
                    return Ok(Advance::Issue(self.damaged(damage)));
                }
                Token::Record(bytes) => return Ok(self.check(bytes)),
            }
        }
    }

    /// Goes back to a row, so that it is read next.
    pub(crate) fn seek(&mut self, place: Place) -> Result<(), ImportError> {
        self.next_row = place.row;
        self.tokenizer
            .seek(place.offset)
            .map_err(ImportError::unreadable)
    }

    /// Where the next row begins.
    pub(crate) fn next_place(&self) -> Place {
        Place {
            offset: self.tokenizer.offset(),
            row: self.next_row,
        }
    }

    fn check(&mut self, bytes: Vec<u8>) -> Advance {
        let text = match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let column = self.record.ends.iter().position(|end| at < *end);
                self.keep_readable(error.into_bytes());
                return Advance::Issue(self.not_utf8(column));
            }
        };
        // Two broken halves in neighbouring cells can look like one whole character.
        let broken = self
            .record
            .ends
            .iter()
            .position(|end| !text.is_char_boundary(*end));
        if broken.is_some() {
            self.keep_readable(text.into_bytes());
            return Advance::Issue(self.not_utf8(broken));
        }
        let nul = text.bytes().position(|byte| byte == 0);
        self.record.text = text;
        if let Some(at) = nul {
            let column = self.record.ends.iter().position(|end| at < *end);
            return Advance::Issue(self.issue(column, "the cell contains a NUL byte"));
        }
        let (cells, columns) = (self.record.ends.len(), self.header.len());
        if columns > 0 && cells != columns {
            let message = format!("the row has {cells} cells, the header has {columns}");
            return Advance::Issue(self.issue(None, message));
        }
        Advance::Row
    }

    /// Keeps the cells before the damage, which may tell what the row belongs to.
    fn keep_readable(&mut self, mut bytes: Vec<u8>) {
        bytes.truncate(self.record.ends.last().copied().unwrap_or(0));
        if let Err(error) = std::str::from_utf8(&bytes) {
            bytes.truncate(error.valid_up_to());
        }
        let text = String::from_utf8(bytes).unwrap_or_default();
        let whole = self
            .record
            .ends
            .iter()
            .take_while(|end| text.is_char_boundary(**end))
            .count();
        self.record.ends.truncate(whole);
        self.record.text = text;
    }

    fn not_utf8(&self, column: Option<usize>) -> Issue {
        self.issue(
            column,
            "the text is not UTF-8; save the file with that encoding",
        )
    }

    fn damaged(&self, damage: Damage) -> Issue {
        match damage {
            Damage::CellTooLarge { column } => {
                let message = format!("the cell is larger than {CELL_BYTES_MAX} bytes");
                self.issue(Some(column), message)
            }
            Damage::RecordTooLarge => self.issue(
                None,
                format!("the row is larger than {RECORD_BYTES_MAX} bytes"),
            ),
            Damage::TextAfterQuote { column, lines: 0 } => {
                self.issue(Some(column), "the cell goes on after its closing quote")
            }
            Damage::TextAfterQuote { column, lines } | Damage::UnclosedQuote { column, lines } => {
                let message = match lines {
                    0 => "a quote that opens in this cell is never closed".to_owned(),
                    _ => format!(
                        "a quote that opens in this cell is not closed where the cell ends; \
                         it would swallow {lines} more lines, which are read on their own instead"
                    ),
                };
                self.issue(Some(column), message)
            }
        }
    }

    fn issue(&self, column: Option<usize>, message: impl Into<String>) -> Issue {
        let name = column.and_then(|column| self.header.get(column));
        Issue::error(self.place.row, name.map(String::as_str), message)
    }
}

/// What [`Records::advance`] came to.
pub(crate) enum Advance {
    End,
    Issue(Issue),
    Row,
}

/// Keeps the allocation of a row that is thrown away.
fn reuse(mut bytes: Vec<u8>) -> String {
    bytes.clear();
    String::from_utf8(bytes).unwrap_or_default()
}
