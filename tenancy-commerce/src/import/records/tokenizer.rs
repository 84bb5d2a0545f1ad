use std::io::{self, ErrorKind, Read, Seek, SeekFrom};

use super::{CELL_BYTES_MAX, COLUMNS_MAX, RECORD_BYTES_MAX};

const BUFFER_BYTES: usize = 64 * 1024;
/// How much may be read a second time because of unclosed quotes, so that a file made for the
/// purpose cannot keep a server busy.
const REREAD_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// What stands next in the input. The bytes are those of the cells, one after the other.
pub(super) enum Token {
    Blank(Vec<u8>),
    Damaged(Vec<u8>, Damage),
    End,
    Record(Vec<u8>),
}

/// Why a record cannot be used. Columns count from 0.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Damage {
    CellTooLarge {
        column: usize,
    },
    RecordTooLarge,
    /// Something other than a delimiter follows a closing quote, `lines` below the opening one.
    TextAfterQuote {
        column: usize,
        lines: u64,
    },
    /// The input ends inside quotes.
    UnclosedQuote {
        column: usize,
        lines: u64,
    },
}

/// Splits the input into records.
pub(super) struct Tokenizer<R> {
    input: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    /// Where in the input the buffer begins.
    buffer_offset: u64,
    delimiter: u8,
    reread: u64,
}

/// A record while it is read.
struct Building<'a> {
    bytes: Vec<u8>,
    ends: &'a mut Vec<usize>,
    cell_start: usize,
    columns: usize,
    blank: bool,
    damage: Option<Damage>,
}

impl Building<'_> {
    fn push(&mut self, part: &[u8]) {
        if part.is_empty() {
            return;
        }
        self.blank = false;
        if self.damage.is_some() {
            return;
        }
        if self.bytes.len() - self.cell_start + part.len() > CELL_BYTES_MAX {
            self.damage = Some(Damage::CellTooLarge {
                column: self.columns,
            });
        } else if self.bytes.len() + part.len() > RECORD_BYTES_MAX {
            self.damage = Some(Damage::RecordTooLarge);
        } else {
            self.bytes.extend_from_slice(part);
        }
    }

    fn end_cell(&mut self) {
        self.columns += 1;
        self.cell_start = self.bytes.len();
        // One more than allowed is enough to know that there are too many.
        if self.ends.len() <= COLUMNS_MAX {
            self.ends.push(self.bytes.len());
        }
    }

    fn finish(self) -> Token {
        match self.damage {
            Some(damage) => Token::Damaged(self.bytes, damage),
            None if self.blank => Token::Blank(self.bytes),
            None => Token::Record(self.bytes),
        }
    }
}

/// How a quoted cell ended.
enum Closed {
    Delimiter,
    End,
    Record,
    /// Something else follows the closing quote.
    Text,
    /// The input ended first.
    Unclosed,
}

impl<R: Read + Seek> Tokenizer<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            buffer: vec![0; BUFFER_BYTES].into_boxed_slice(),
            start: 0,
            end: 0,
            buffer_offset: 0,
            delimiter: b',',
            reread: 0,
        }
    }

    /// The beginning of the input, before anything is read: a full buffer, unless there is less.
    pub(super) fn peek(&mut self) -> io::Result<&[u8]> {
        while self.end < self.buffer.len() {
            match self.read_at(self.end)? {
                0 => break,
                count => self.end += count,
            }
        }
        Ok(&self.buffer[..self.end])
    }

    pub(super) fn start(&mut self, skip: usize, delimiter: u8) {
        self.start = skip;
        self.delimiter = delimiter;
    }

    /// Where in the input the next record begins.
    pub(super) fn offset(&self) -> u64 {
        self.buffer_offset + self.start as u64
    }

    pub(super) fn seek(&mut self, offset: u64) -> io::Result<()> {
        let buffered = self.buffer_offset..=self.buffer_offset + self.end as u64;
        if buffered.contains(&offset) {
            self.start = (offset - self.buffer_offset) as usize;
            return Ok(());
        }
        self.input.seek(SeekFrom::Start(offset))?;
        (self.buffer_offset, self.start, self.end) = (offset, 0, 0);
        Ok(())
    }

    /// Reads one record into `bytes`, with the end of each cell in `ends`.
    pub(super) fn next(&mut self, mut bytes: Vec<u8>, ends: &mut Vec<usize>) -> io::Result<Token> {
        bytes.clear();
        ends.clear();
        let mut record = Building {
            bytes,
            ends,
            cell_start: 0,
            columns: 0,
            blank: true,
            damage: None,
        };
        if self.byte()?.is_none() {
            return Ok(Token::End);
        }
        loop {
            let ended = if self.byte()? == Some(b'"') {
                let (column, opened) = (record.columns, self.offset());
                let mut first_line_end = None;
                let mut lines = 0;
                let closed = self.quoted(&mut record, &mut first_line_end, &mut lines)?;
                let damage = match closed {
                    Closed::Text => Some(Damage::TextAfterQuote { column, lines }),
                    Closed::Unclosed => Some(Damage::UnclosedQuote { column, lines }),
                    Closed::Delimiter | Closed::End | Closed::Record => None,
                };
                if let Some(damage) = damage {
                    self.resume(opened, first_line_end)?;
                    return Ok(Token::Damaged(record.bytes, damage));
                }
                matches!(closed, Closed::End | Closed::Record)
            } else {
                self.unquoted(&mut record)?
            };
            record.end_cell();
            if ended {
                return Ok(record.finish());
            }
        }
    }

    /// Reads a cell without quotes; `true` when the record ends with it.
    fn unquoted(&mut self, record: &mut Building<'_>) -> io::Result<bool> {
        let delimiter = self.delimiter;
        loop {
            let rest = &self.buffer[self.start..self.end];
            let stop = rest
                .iter()
                .position(|&b| b == delimiter || b == b'\n' || b == b'\r');
            record.push(&rest[..stop.unwrap_or(rest.len())]);
            let Some(stop) = stop else {
                self.start = self.end;
                if self.byte()?.is_none() {
                    return Ok(true);
                }
                continue;
            };
            self.start += stop;
            if self.buffer[self.start] == delimiter {
                self.start += 1;
                return Ok(false);
            }
            self.skip_line_break()?;
            return Ok(true);
        }
    }

    /// Reads a cell in quotes, from the opening one.
    fn quoted(
        &mut self,
        record: &mut Building<'_>,
        first_line_end: &mut Option<u64>,
        lines: &mut u64,
    ) -> io::Result<Closed> {
        self.start += 1;
        loop {
            let rest = &self.buffer[self.start..self.end];
            let quote = rest.iter().position(|&b| b == b'"');
            let part = &rest[..quote.unwrap_or(rest.len())];
            if first_line_end.is_none() {
                let line_end = part.iter().position(|b| matches!(b, b'\n' | b'\r'));
                *first_line_end = line_end.map(|at| self.buffer_offset + (self.start + at) as u64);
            }
            *lines += line_breaks(part);
            record.push(part);
            self.start += part.len();
            if quote.is_none() {
                if self.byte()?.is_none() {
                    return Ok(Closed::Unclosed);
                }
                continue;
            }
            self.start += 1;
            match self.byte()? {
                None => return Ok(Closed::End),
                Some(b'"') => {
                    record.push(b"\"");
                    self.start += 1;
                }
                Some(b'\n' | b'\r') => {
                    self.skip_line_break()?;
                    return Ok(Closed::Record);
                }
                Some(byte) if byte == self.delimiter => {
                    self.start += 1;
                    return Ok(Closed::Delimiter);
                }
                Some(_) => return Ok(Closed::Text),
            }
        }
    }

    /// Goes on with the line after the one in which a bad quote opened.
    fn resume(&mut self, opened: u64, first_line_end: Option<u64>) -> io::Result<()> {
        if let Some(line_end) = first_line_end {
            self.reread += self.offset().saturating_sub(opened);
            if self.reread > REREAD_BYTES_MAX {
                return Err(io::Error::new(
                    ErrorKind::InvalidData,
                    "too many unclosed quotes",
                ));
            }
            self.seek(line_end)?;
        }
        loop {
            let rest = &self.buffer[self.start..self.end];
            match rest.iter().position(|b| matches!(b, b'\n' | b'\r')) {
                Some(line_end) => {
                    self.start += line_end;
                    return self.skip_line_break();
                }
                None => self.start = self.end,
            }
            if self.byte()?.is_none() {
                return Ok(());
            }
        }
    }

    fn skip_line_break(&mut self) -> io::Result<()> {
        let carriage_return = self.buffer[self.start] == b'\r';
        self.start += 1;
        if carriage_return && self.byte()? == Some(b'\n') {
            self.start += 1;
        }
        Ok(())
    }

    /// The next byte, which is not taken; `None` at the end of the input.
    fn byte(&mut self) -> io::Result<Option<u8>> {
        if self.start == self.end {
            self.buffer_offset += self.end as u64;
            (self.start, self.end) = (0, 0);
            self.end = self.read_at(0)?;
        }
        Ok(self.buffer[self.start..self.end].first().copied())
    }

    fn read_at(&mut self, position: usize) -> io::Result<usize> {
        loop {
            match self.input.read(&mut self.buffer[position..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

/// Counts `\n`, `\r\n` and `\r`.
fn line_breaks(bytes: &[u8]) -> u64 {
    let is_break = |(at, byte): (usize, &u8)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    bytes
        .iter()
        .enumerate()
        .filter(|pair| is_break(*pair))
        .count() as u64
}
