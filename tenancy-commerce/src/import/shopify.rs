//! Shopify's product file.
//!
//! Rows with one handle are one product, wherever they stand. The product's own fields are in its
//! first row with a title. A row with a price, SKU, quantity, barcode or option value is a
//! variant; a row without any of them is another picture. A product may have no handle when it is
//! one row: its handle is made from the title.
//!
//! - Status: `Status` if there is one (`active` needs `Published` too), else `Published`; a blank
//!   `Published` publishes, as in Shopify.
//! - A blank `Variant Inventory Tracker` means that the stock is not tracked; a number that stands
//!   there all the same is dropped, but reported if it is negative.
//! - The one option `Title` with the one value `Default Title` is no option.
//! - Attributes stand with the product when they are in its first row and with the variant in the
//!   others, except that `Variant …` columns always stand with the variant.
//! - `Featured` and `Categories` are columns of ours, written only when they are needed.

pub(crate) mod columns;
mod group;
mod variant;

use std::io::{Read, Seek};

use self::columns::Column;
use self::group::Group;
use super::formula::unguard;
use super::names::Layout;
use super::reader::Session;
use super::records::{Advance, Place, Records};
use super::seen::{Index, Seen};
use super::{ImportError, Issue};
use crate::catalog::{Given, Handle};

/// Reads the products of a Shopify file.
pub(super) struct ShopifyProducts<R> {
    records: Records<R>,
    layout: Layout<Column>,
    given: Given,
    /// Where each run of rows with one handle begins.
    runs: Index,
    /// The handles of rows that cannot be read: their products lack something.
    damaged: Seen,
    /// The handles made from titles.
    made: Seen,
    /// Whether the row read last is still to be dealt with.
    is_pending: bool,
}

impl<R: Read + Seek> ShopifyProducts<R> {
    pub(super) fn new(input: R) -> Result<Self, ImportError> {
        let records = Records::new(input)?;
        let layout = Layout::new(records.header(), columns::target)?;
        if layout.column(Column::Title).is_none() {
            let message = "a Shopify product file has at least the column Title";
            return Err(ImportError::header(message));
        }
        let mut products = Self {
            given: columns::given(&layout),
            records,
            layout,
            runs: Index::default(),
            damaged: Seen::default(),
            made: Seen::default(),
            is_pending: false,
        };
        products.find_runs()?;
        Ok(products)
    }

    /// Reads one product or one bad row; `false` at the end.
    pub(super) fn step(&mut self, session: &mut Session) -> Result<bool, ImportError> {
        if !self.is_pending {
            match self.records.advance()? {
                Advance::End => return Ok(false),
                Advance::Issue(issue) => {
                    session.issue(issue);
                    return Ok(true);
                }
                Advance::Row => {}
            }
        }
        self.is_pending = false;
        let Some(handle) = self.handle() else {
            self.read_single(session);
            return Ok(true);
        };
        let place = self.records.place();
        if self.runs.places(handle.as_str()).next() != Some(place) {
            // A row of a later run, which was read together with the first.
            return Ok(true);
        }
        let is_damaged = self.damaged.contains(handle.as_str());
        let mut group = Group::new(handle, is_damaged, &self.given, session.currency);
        self.read_run(&mut group, session)?;
        self.read_later_runs(&mut group, session, place)?;
        group.finish(self.records.header(), &self.layout, session);
        Ok(true)
    }

    /// Notes where every run of rows with one handle begins.
    fn find_runs(&mut self) -> Result<(), ImportError> {
        let start = self.records.next_place();
        let mut run: Option<Handle> = None;
        loop {
            match self.records.advance()? {
                Advance::End => break,
                Advance::Issue(_) => {
                    if let Some(handle) = self.handle() {
                        self.damaged.insert(handle.as_str());
                    }
                    run = None;
                }
                Advance::Row => {
                    let handle = self.handle();
                    if let Some(handle) = handle.as_ref().filter(|_| handle != run) {
                        self.runs.insert(handle.as_str(), self.records.place());
                    }
                    run = handle;
                }
            }
        }
        self.runs.finish();
        self.records.seek(start)
    }

    /// Reads the row read last and those after it into `group`, until one belongs elsewhere.
    fn read_run(&mut self, group: &mut Group, session: &mut Session) -> Result<(), ImportError> {
        loop {
            self.read_row(group, session);
            match self.records.advance()? {
                Advance::Row if self.handle().as_ref() == Some(group.handle()) => {}
                Advance::Row => {
                    self.is_pending = true;
                    return Ok(());
                }
                Advance::End => return Ok(()),
                Advance::Issue(issue) => {
                    session.issue(issue);
                    return Ok(());
                }
            }
        }
    }

    /// Reads what else the file says about the product, and comes back.
    fn read_later_runs(
        &mut self,
        group: &mut Group,
        session: &mut Session,
        first: Place,
    ) -> Result<(), ImportError> {
        let later: Vec<Place> = self
            .runs
            .places(group.handle().as_str())
            .filter(|place| *place != first)
            .collect();
        if later.is_empty() {
            return Ok(());
        }
        let back = match self.is_pending {
            true => self.records.place(),
            false => self.records.next_place(),
        };
        for place in later {
            self.records.seek(place)?;
            // An issue ends a run; it is reported when its row's turn comes.
            while matches!(self.records.advance()?, Advance::Row)
                && self.handle().as_ref() == Some(group.handle())
            {
                self.read_row(group, session);
            }
        }
        self.is_pending = false;
        self.records.seek(back)
    }

    /// Reads a row without a handle: a whole product, or nothing.
    fn read_single(&mut self, session: &mut Session) {
        let row = self.records.record().row();
        let column = |column| {
            let column: Option<usize> = self.layout.column(column);
            column.map(|column| self.records.header()[column].as_str())
        };
        let title = self
            .layout
            .column(Column::Title)
            .map_or("", |title| self.records.record().get(title));
        if title.trim().is_empty() {
            let message = "the row has neither a handle nor a title";
            session.issue(Issue::error(row, column(Column::Handle), message));
            return;
        }
        let Some(handle) = Handle::from_name(title) else {
            let message = "no handle can be made from this title, so the row needs one";
            session.issue(Issue::error(row, column(Column::Title), message));
            return;
        };
        let is_taken = self.runs.places(handle.as_str()).next().is_some();
        if is_taken || !self.made.insert(handle.as_str()) {
            let message = format!("another product of the file has the handle {handle}");
            session.issue(Issue::error(row, column(Column::Title), message));
            return;
        }
        let mut group = Group::new(handle, false, &self.given, session.currency);
        self.read_row(&mut group, session);
        group.finish(self.records.header(), &self.layout, session);
    }

    fn read_row(&self, group: &mut Group, session: &mut Session) {
        group.read(
            self.records.record(),
            self.records.header(),
            &self.layout,
            session,
        );
    }

    /// The handle of the row read last, in the form in which it is compared.
    fn handle(&self) -> Option<Handle> {
        let column = self.layout.column(Column::Handle)?;
        let text = unguard(self.records.record().get(column)).trim();
        text.parse().ok().or_else(|| Handle::from_name(text))
    }
}
