//! WooCommerce's product file.
//!
//! A `simple` product has one variant. A `variable` one has its `variation` rows, which name it by
//! SKU or `id:` and may stand anywhere; its options are those of its attributes that a variation
//! names, and a blank value means any. What is not sold by itself, a `grouped` or `external`
//! product or a variable one without variations, has one variant with nothing on hand, so that
//! nobody can buy it, and its type is kept in the attribute `Type`; so is `downloadable`.
//!
//! - `Published`: 1 is published, 0 (private) and -1 are drafts.
//! - The sale price, if there is one, is the price, and the regular price what it is compared
//!   with. The dates of a sale are kept as attributes and not heeded.
//! - A blank `Stock` means that the stock is not tracked, unless `In stock?` is 0: then there is
//!   none. `virtual` needs no shipping. A variation without a weight has that of its product.
//! - The handle is made from the name, with a number if it is taken; our own exports have the
//!   column `Slug` where that would not do. The vendor is the brand.
//! - All other columns are attributes, of the product or of the variation they stand with. The
//!   attributes of a product (`Attribute 3 name` …) that are no options keep their columns'
//!   names, numbered after the options.

pub(crate) mod columns;
pub(crate) mod kind;
mod options;
mod product;
mod variant;

use std::io::{Read, Seek};

use self::columns::Column;
use self::kind::{Kind, Type};
use self::product::Product;
use super::cells::{Cells, shorten};
use super::formula::unguard;
use super::names::{Layout, Target};
use super::reader::Session;
use super::records::{Advance, Place, Record, Records};
use super::seen::{Index, Seen};
use super::{ImportError, Issue};
use crate::catalog::{Given, Handle, WeightUnit};

/// Reads the products of a WooCommerce file.
pub(super) struct WooCommerceProducts<R> {
    records: Records<R>,
    file: File,
    /// The variations, by what they call their product.
    variations: Index,
    /// What the products with variations are called.
    parents: Seen,
    /// The products that have a variation which cannot be read.
    damaged: Seen,
    /// The names by which a product has got its variations.
    claimed: Seen,
    handles: Seen,
}

/// What is the same for all rows of a file.
struct File {
    header: Vec<String>,
    layout: Layout<Column>,
    given: Given,
    weight_unit: WeightUnit,
    /// Where the ID stands, which is an attribute.
    id: Option<usize>,
    in_stock: Option<usize>,
}

impl<R: Read + Seek> WooCommerceProducts<R> {
    pub(super) fn new(input: R) -> Result<Self, ImportError> {
        let records = Records::new(input)?;
        let mut products = Self {
            file: File::new(records.header())?,
            records,
            variations: Index::default(),
            parents: Seen::default(),
            damaged: Seen::default(),
            claimed: Seen::default(),
            handles: Seen::default(),
        };
        products.find_variations()?;
        Ok(products)
    }

    /// Reads one product, variation or bad row; `false` at the end.
    pub(super) fn step(&mut self, session: &mut Session) -> Result<bool, ImportError> {
        match self.records.advance()? {
            Advance::End => return Ok(false),
            Advance::Issue(issue) => {
                session.issue(issue);
                return Ok(true);
            }
            Advance::Row => {}
        }
        let record = self.records.record();
        let Some(kind) = self.file.kind(record) else {
            let mut issues = Vec::new();
            let allowed = "simple, variable, variation, grouped or external";
            self.file
                .cells(record, &mut issues)
                .unknown(Column::Type, allowed);
            issues.into_iter().for_each(|issue| session.issue(issue));
            return Ok(true);
        };
        if kind.kind == Kind::Variation {
            self.check_parent(session);
            return Ok(true);
        }
        let mut product = Product::read(&self.file, record, kind, session);
        self.choose_handle(&mut product);
        if kind.kind == Kind::Variable {
            self.read_variations(&mut product, session)?;
        }
        product.finish(&self.file, session);
        Ok(true)
    }

    fn find_variations(&mut self) -> Result<(), ImportError> {
        let start = self.records.next_place();
        loop {
            let advance = self.records.advance()?;
            let record = self.records.record();
            let parent = self.file.text(record, Column::Parent).trim();
            match advance {
                Advance::End => break,
                Advance::Issue(_) if parent.is_empty() => {}
                Advance::Issue(_) => {
                    self.damaged.insert(parent);
                }
                Advance::Row => match self.file.kind(record).map(|kind| kind.kind) {
                    Some(Kind::Variation) => self.variations.insert(parent, self.records.place()),
                    Some(Kind::Variable) => {
                        for name in self.file.parent_names(record) {
                            self.parents.insert(&name);
                        }
                    }
                    _ => {}
                },
            }
        }
        self.variations.finish();
        self.records.seek(start)
    }

    /// A variation is read with its product; here it is only made sure that it has one.
    fn check_parent(&self, session: &mut Session) {
        let record = self.records.record();
        let parent = self.file.text(record, Column::Parent).trim();
        if self.parents.contains(parent) {
            return;
        }
        session.counts.variants += 1;
        let message = match parent {
            "" => "the variation does not name its product".to_owned(),
            _ => format!("{:?} is no variable product of this file", shorten(parent)),
        };
        let name = self
            .file
            .layout
            .column(Column::Parent)
            .map(|column| &*self.file.header[column]);
        session.issue(Issue::error(record.row(), name, message));
    }

    fn read_variations(
        &mut self,
        product: &mut Product,
        session: &mut Session,
    ) -> Result<(), ImportError> {
        let back = self.records.next_place();
        let names = self.file.parent_names(self.records.record());
        let mut places: Vec<(Place, String)> = Vec::new();
        for name in names {
            if self.damaged.contains(&name) {
                product.is_damaged = true;
            }
            if self.claimed.insert(&name) {
                places.extend(
                    self.variations
                        .places(&name)
                        .map(|place| (place, name.clone())),
                );
            }
        }
        places.sort_by_key(|(place, _)| place.row);
        for (place, parent) in places {
            self.records.seek(place)?;
            if !matches!(self.records.advance()?, Advance::Row) {
                continue;
            }
            let record = self.records.record();
            if self.file.text(record, Column::Parent).trim() == parent {
                product.read_variation(&self.file, record, session);
            }
        }
        self.records.seek(back)
    }

    fn choose_handle(&mut self, product: &mut Product) {
        if product.has_own_handle {
            if !self.handles.insert(product.fields.slug.as_str()) {
                let message = "another product of the file has this handle";
                let name = self.file.layout.column(Column::Slug);
                let name = name.map(|column| &*self.file.header[column]);
                product
                    .issues
                    .push(Issue::error(product.row, name, message));
            }
            return;
        }
        let wanted = product.fields.slug.clone();
        let mut number = 1;
        while !self.handles.insert(product.fields.slug.as_str()) {
            number += 1;
            product.fields.slug = wanted.numbered(number);
        }
    }
}

impl File {
    fn new(header: &[String]) -> Result<Self, ImportError> {
        let layout = Layout::new(header, columns::target)?;
        if layout.column(Column::Name).is_none() {
            let message = "a WooCommerce product file has at least the column Name";
            return Err(ImportError::header(message));
        }
        let attribute = |wanted: &str| {
            let is_wanted =
                |name: &String| columns::target(name) == Target::Attribute(wanted.to_owned());
            header.iter().position(is_wanted)
        };
        Ok(Self {
            weight_unit: columns::weight_unit(header, &layout)?,
            given: columns::given(&layout),
            id: attribute("ID"),
            in_stock: attribute("In stock?"),
            header: header.to_vec(),
            layout,
        })
    }

    fn cells<'a>(&'a self, record: &'a Record, issues: &'a mut Vec<Issue>) -> Cells<'a, Column> {
        Cells {
            record,
            header: &self.header,
            layout: &self.layout,
            issues,
        }
    }

    fn text<'a>(&self, record: &'a Record, column: Column) -> &'a str {
        self.layout
            .column(column)
            .map_or("", |column| unguard(record.get(column)))
    }

    fn kind(&self, record: &Record) -> Option<Type> {
        Type::parse(self.text(record, Column::Type))
    }

    fn is_out_of_stock(&self, record: &Record) -> bool {
        self.in_stock
            .is_some_and(|column| matches!(record.get(column).trim(), "0" | "no" | "false"))
    }

    /// What variations may call the product of this row.
    fn parent_names(&self, record: &Record) -> Vec<String> {
        let sku = self.text(record, Column::Sku).trim();
        let id = self.id.map_or("", |column| record.get(column).trim());
        let mut names = Vec::new();
        if !sku.is_empty() {
            names.push(sku.to_owned());
        }
        if !id.is_empty() {
            names.push(format!("id:{id}"));
        }
        names
    }

    /// A handle made from whatever the row has, for a product that brings none.
    fn make_handle(&self, record: &Record) -> Handle {
        let from = |text: &str| Handle::from_name(text);
        from(self.text(record, Column::Name))
            .or_else(|| from(self.text(record, Column::Sku)))
            .or_else(|| from(&format!("product-{}", record.row())))
            .expect("the last name has letters")
    }
}
