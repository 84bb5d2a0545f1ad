use std::io::{self, Write};

use crate::import::formula::guard;

/// Writes cells and ends lines, safe to be opened in a spreadsheet.
pub(super) struct Lines<W> {
    output: W,
    line: String,
    is_started: bool,
}

impl<W: Write> Lines<W> {
    pub(super) const fn new(output: W) -> Self {
        Self {
            output,
            line: String::new(),
            is_started: false,
        }
    }

    pub(super) fn cell(&mut self, text: &str) {
        if self.is_started {
            self.line.push(',');
        }
        self.is_started = true;
        let text = guard(text);
        // Other delimiters are quoted too, so that a header never looks as if they were meant.
        if text.contains([',', ';', '\t', '"', '\r', '\n']) {
            self.line.push('"');
            self.line.push_str(&text.replace('"', "\"\""));
            self.line.push('"');
        } else {
            self.line.push_str(&text);
        }
    }

    pub(super) fn end(&mut self) -> io::Result<()> {
        self.line.push('\n');
        self.output.write_all(self.line.as_bytes())?;
        self.line.clear();
        self.is_started = false;
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        self.output.flush()?;
        Ok(self.output)
    }
}
