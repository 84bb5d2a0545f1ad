use std::fmt::Write as _;
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
}

impl Output {
    /// A document that people read as it is.
    pub(crate) fn document(document: &impl Serialize) -> Result<Self, Failure> {
        Ok(Self {
            document: serde_json::to_value(document)?,
            text: None,
            success: true,
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

    /// Prints it, and says how the program ends.
    pub(crate) fn print(&self, json: bool) -> ExitCode {
        let printed = match (&self.text, json) {
            (_, true) => self.document.to_string(),
            (Some(text), false) => text.trim_end().to_owned(),
            (None, false) => format!("{:#}", self.document),
        };
        // A reader who has gone away, as in `| head`, is no failure.
        let _ = writeln!(io::stdout(), "{printed}");
        if self.success {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        }
    }
}

impl Failure {
    /// Prints the sentence, and for programs the document that says the same.
    pub(crate) fn print(&self, json: bool) -> ExitCode {
        let _ = writeln!(io::stderr(), "platform: {self}");
        if json {
            let _ = writeln!(io::stdout(), "{}", json!({ "error": self.to_string() }));
        }
        ExitCode::FAILURE
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
