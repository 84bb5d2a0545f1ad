use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use askama::Template;

use super::{Console, Room};
use crate::pages::frame::{Frame, Section};
use crate::pages::link::Link;

/// A room with nothing but tables, each of which can be sorted by any of its columns.
#[derive(Debug, Template)]
#[template(path = "console/tables.html")]
pub(crate) struct TablePage {
    pub(crate) console: Console,
    /// What has become of what somebody did here.
    pub(crate) notice: Option<String>,
    pub(crate) tables: Vec<Table>,
    /// The way back to the first page, for those on a later one.
    pub(crate) first: Option<Link>,
    pub(crate) next: Option<Link>,
}

#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) heading: &'static str,
    pub(crate) explanation: Cow<'static, str>,
    /// What stands there instead of no rows.
    pub(crate) none: &'static str,
    pub(crate) names: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<Cell>>,
    pub(super) columns: Vec<Column>,
}

/// The head of a column.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(super) name: &'static str,
    pub(super) is_number: bool,
    /// Sorts by this column, the other way round where it does already.
    pub(super) sort: Option<Link>,
    /// How it is sorted, as `aria-sort` says it.
    pub(super) order: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Button(Button),
    Code(String),
    Link(String, Link),
    /// Shown as text, sorted by its value.
    Number(String, f64),
    Text(String),
}

/// Does something about its row.
#[derive(Clone, Debug)]
pub(crate) struct Button {
    pub(crate) label: &'static str,
    pub(crate) path: &'static str,
    /// Which row.
    pub(crate) id: String,
    /// What the form has to send along.
    pub(crate) token: Option<String>,
}

/// What visitors want a page's tables to be sorted by: a table, a column and the direction, as in
/// `0.2` and `-0.2`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Sorting {
    table: usize,
    column: usize,
    descends: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a table and a column, such as 0.2 or -0.2")]
pub(crate) struct InvalidSorting;

impl TablePage {
    /// The tables of a room, sorted as they are or as somebody wants them.
    pub(crate) fn new(console: Console, mut tables: Vec<Table>, sorting: Option<Sorting>) -> Self {
        for (number, table) in tables.iter_mut().enumerate() {
            table.arrange(sorting, number, |sorting| {
                console
                    .room
                    .link()
                    .with_query(&[("sort", &sorting.to_string())])
            });
        }
        Self {
            console,
            notice: None,
            tables,
            first: None,
            next: None,
        }
    }

    fn frame(&self) -> Frame<'_> {
        self.console.frame()
    }
}

impl Table {
    pub(crate) fn new(
        [heading, explanation, none]: [&'static str; 3],
        names: &[&'static str],
        rows: Vec<Vec<Cell>>,
    ) -> Self {
        Self {
            heading,
            explanation: explanation.into(),
            none,
            names: names.to_vec(),
            rows,
            columns: Vec::new(),
        }
    }

    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Sorts the table with this number, if it is the one that is to be, and makes its heads lead to
    /// the page that is sorted by them.
    pub(super) fn arrange(
        &mut self,
        sorting: Option<Sorting>,
        number: usize,
        link: impl Fn(Sorting) -> Link,
    ) {
        let sorting = sorting.filter(|sorting| sorting.table == number);
        if let Some(Sorting {
            column, descends, ..
        }) = sorting
        {
            self.rows.sort_by(|one, other| {
                let order = match (one.get(column), other.get(column)) {
                    (Some(one), Some(other)) => one.compare(other),
                    _ => Ordering::Equal,
                };
                if descends { order.reverse() } else { order }
            });
        }
        let column = |(at, name): (usize, &&'static str)| {
            let is_number = self
                .rows
                .first()
                .and_then(|row| row.get(at))
                .is_some_and(Cell::is_number);
            let now = sorting.filter(|sorting| sorting.column == at);
            // What is most is looked for in numbers, what comes first in words.
            let next = Sorting {
                table: number,
                column: at,
                descends: now.map_or(is_number, |now| !now.descends),
            };
            Column {
                name,
                is_number,
                sort: Some(link(next)),
                order: now.map(|now| {
                    if now.descends {
                        "descending"
                    } else {
                        "ascending"
                    }
                }),
            }
        };
        self.columns = self.names.iter().enumerate().map(column).collect();
    }
}

impl Cell {
    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Number(..))
    }

    pub(super) fn is_code(&self) -> bool {
        matches!(self, Self::Code(_))
    }

    pub(super) fn link(&self) -> Option<&Link> {
        match self {
            Self::Link(_, link) => Some(link),
            Self::Button(_) | Self::Code(_) | Self::Number(..) | Self::Text(_) => None,
        }
    }

    pub(super) fn button(&self) -> Option<&Button> {
        match self {
            Self::Button(button) => Some(button),
            Self::Code(_) | Self::Link(..) | Self::Number(..) | Self::Text(_) => None,
        }
    }

    fn text(&self) -> &str {
        match self {
            Self::Button(button) => button.label,
            Self::Code(text) | Self::Link(text, _) | Self::Number(text, _) | Self::Text(text) => {
                text
            }
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(_, one), Self::Number(_, other)) => one.total_cmp(other),
            _ => self.text().cmp(other.text()),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl FromStr for Sorting {
    type Err = InvalidSorting;

    fn from_str(text: &str) -> Result<Self, InvalidSorting> {
        let (descends, place) = match text.strip_prefix('-') {
            Some(place) => (true, place),
            None => (false, text),
        };
        let (table, column) = place.split_once('.').ok_or(InvalidSorting)?;
        let number = |text: &str| text.parse().map_err(|_| InvalidSorting);
        Ok(Self {
            table: number(table)?,
            column: number(column)?,
            descends,
        })
    }
}

impl fmt::Display for Sorting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.descends { "-" } else { "" };
        write!(f, "{sign}{}.{}", self.table, self.column)
    }
}
