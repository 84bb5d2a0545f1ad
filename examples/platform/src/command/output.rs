use std::fmt::{self, Write as _};
use std::io::{self, Write as _};
use std::process::ExitCode;

use serde::Serialize;
use serde_json::{Value, json};

use crate::failure::Failure;

/// What a command prints, for programs and for people.
#[derive(Debug)]
pub(crate) struct Output {
    document: Value,
    /// `None`: people get the document as well, indented.
    text: Option<String>,
    success: bool,
    /// What to say when nobody could read it, where that is a loss.
    lost: Option<String>,
}

impl Output {
    /// A document that people read as it is.
    pub(crate) fn document(document: &impl Serialize) -> Result<Self, Failure> {
        Ok(Self {
            document: serde_json::to_value(document)?,
            text: None,
            success: true,
            lost: None,
        })
    }

    /// A document, and a sentence or table for people.
    pub(crate) fn text(
        document: &impl Serialize,
        text: impl Into<String>,
    ) -> Result<Self, Failure> {
        Ok(Self {
            text: Some(text.into()),
            ..Self::document(document)?
        })
    }

    /// A list: `{"data":[…]}`, and a table for people.
    pub(crate) fn table<const N: usize>(
        rows: &[impl Serialize],
        head: [&str; N],
        cells: impl IntoIterator<Item = [String; N]>,
    ) -> Result<Self, Failure> {
        Self::text(&json!({ "data": rows }), table(head, cells))
    }

    /// The same, with an exit status that says failure.
    pub(crate) fn failed_if(self, failed: bool) -> Self {
        Self {
            success: !failed,
            ..self
        }
    }

    /// The same, when it shows what cannot be shown again; `lost` says what to do without it.
    pub(crate) fn shown_once(self, lost: String) -> Self {
        Self {
            lost: Some(lost),
            ..self
        }
    }

    /// Prints it, and says how the program ends.
    pub(crate) fn print(&self, json: bool) -> Result<ExitCode, Failure> {
        let printed = match (&self.text, json) {
            (_, true) => self.document.to_string(),
            (Some(text), false) => text.trim_end().to_owned(),
            (None, false) => format!("{:#}", self.document),
        };
        match &self.lost {
            Some(lost) => show(printed).map_err(|failure| failure.context(lost))?,
            None => say(printed)?,
        }
        Ok(if self.success {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// Prints what somebody must have read.
pub(crate) fn show(line: impl fmt::Display) -> Result<(), Failure> {
    print_line(line).map_err(unprinted)
}

/// Prints what can be read again. A reader who has gone away, as in `| head`, is no failure.
pub(crate) fn say(line: impl fmt::Display) -> Result<(), Failure> {
    match print_line(line) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed.map_err(unprinted),
    }
}

fn print_line(line: impl fmt::Display) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}

fn unprinted(error: io::Error) -> Failure {
    Failure::from(error).context("standard output cannot be written")
}

/// Prints help and the version, or what is wrong with the arguments; for programs that is a
/// document as well.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
        let text = error.to_string();
        let sentence = text.split("\n\n").next().unwrap_or_default();
        let sentence = sentence.strip_prefix("error: ").unwrap_or(sentence);
        let _ = print_line(json!({ "error": sentence.trim_end() }));
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

impl Failure {
    /// Prints the sentence, and for programs the document that says the same.
    pub(crate) fn print(&self, json: bool) {
        let _ = writeln!(io::stderr(), "platform: {self}");
        if json {
            let _ = print_line(json!({ "error": self.to_string() }));
        }
    }
}

fn table<const N: usize>(head: [&str; N], cells: impl IntoIterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = std::iter::once(head.map(str::to_owned))
        .chain(cells)
        .collect();
    let widths: [usize; N] = std::array::from_fn(|column| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    });
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            write!(line, "{cell:width$}  ").expect("a String takes every write");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::table;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let cells = [
            ["größer".to_owned(), "1".to_owned()],
            ["b".to_owned(), String::new()],
        ];
        assert_eq!(
            table(["SLUG", "COUNT"], cells),
            "SLUG    COUNT\ngrößer  1\nb\n"
        );
    }
}
