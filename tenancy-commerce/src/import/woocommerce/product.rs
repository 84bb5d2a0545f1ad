use super::columns::Column;
use super::kind::{Kind, Type};
use super::options::{self, Numbered};
use super::{File, variant};
use crate::catalog::limits::{DESCRIPTION_BYTES_MAX, VARIANTS_MAX};
use crate::catalog::{
    CategoryPath, Handle, ImageDraft, ProductFields, ProductStatus, VariantDraft,
};
use crate::import::cells::{Cells, shorten, web_address};
use crate::import::reader::Session;
use crate::import::records::Record;
use crate::import::{Issue, list};
use tenancy_core::html::SanitizedHtml;

/// The most text one product may have, over all its rows.
const PRODUCT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// A product, and its variations as they come.
pub(super) struct Product {
    pub(super) fields: ProductFields,
    pub(super) issues: Vec<Issue>,
    pub(super) row: u64,
    pub(super) has_own_handle: bool,
    /// A variation cannot be read; that is reported with its row.
    pub(super) is_damaged: bool,
    kind: Kind,
    rows: u64,
    bytes: usize,
    is_too_large: bool,
    /// The variant the row would be by itself: of a variable product, what its variations inherit.
    own: VariantDraft,
    numbered: Vec<Numbered>,
    numbered_of_variations: Vec<Vec<Numbered>>,
    variant_rows: Vec<u64>,
}

impl Product {
    /// Reads the row of a product.
    pub(super) fn read(file: &File, record: &Record, kind: Type, session: &mut Session) -> Self {
        let mut issues = Vec::new();
        let own = variant::read(file, record, kind, &mut issues, session);
        let mut cells = file.cells(record, &mut issues);
        let own_handle = handle(&mut cells);
        let slug = own_handle
            .clone()
            .unwrap_or_else(|| file.make_handle(record));

        let mut fields = ProductFields::with_slug(slug, cells.text(Column::Name));
        fields.given = file.given.clone();
        fields.status = status(&mut cells);
        fields.featured = cells.flag(Column::Featured).unwrap_or(false);
        fields.description = description(&mut cells);
        fields.vendor = cells.text(Column::Brands).to_owned();
        fields.product_type = cells.text(Column::ProductType).to_owned();
        fields.tags = list::split(cells.text(Column::Tags));
        fields.categories = list::split(cells.text(Column::Categories))
            .iter()
            .map(|path| CategoryPath(list::split_path(path)))
            .filter(|path| !path.0.is_empty())
            .collect();
        fields.images = images(&mut cells);
        session.counts.images += fields.images.len() as u64;
        fields.attributes = cells
            .attributes()
            .map(|(name, text)| (name.clone(), text.to_owned()))
            .collect();
        variant::keep_of_product(&cells, kind, &mut fields.attributes);

        let numbered = options::numbered(&cells);
        Self {
            fields,
            issues,
            row: record.row(),
            has_own_handle: own_handle.is_some(),
            is_damaged: false,
            kind: kind.kind,
            rows: 1,
            bytes: record.len(),
            is_too_large: false,
            own,
            numbered,
            numbered_of_variations: Vec::new(),
            variant_rows: Vec::new(),
        }
    }

    /// Adds a variation.
    pub(super) fn read_variation(&mut self, file: &File, record: &Record, session: &mut Session) {
        session.counts.variants += 1;
        self.rows += 1;
        self.bytes += record.len();
        if self.fields.variants.len() == VARIANTS_MAX || self.bytes > PRODUCT_BYTES_MAX {
            if !self.is_too_large {
                self.is_too_large = true;
                let message = "the product has too many variations or too much text";
                self.issues.push(Issue::error(record.row(), None, message));
            }
            return;
        }
        let Some(kind) = file.kind(record) else {
            return;
        };
        let mut variant = variant::read(file, record, kind, &mut self.issues, session);
        variant.weight_grams = variant.weight_grams.or(self.own.weight_grams);
        let mut cells = file.cells(record, &mut self.issues);
        let mut pictures = images(&mut cells).into_iter();
        variant.image_url = pictures.next().map(|image| image.url);
        if pictures.next().is_some() {
            cells.warning(
                Column::Images,
                "only the first picture of a variation is kept",
            );
        }
        variant.attributes = cells
            .attributes()
            .map(|(name, text)| (name.clone(), text.to_owned()))
            .collect();
        variant::keep_of_variation(&mut cells, kind, &mut variant.attributes);
        self.numbered_of_variations.push(options::numbered(&cells));
        self.fields.variants.push(variant);
        self.variant_rows.push(record.row());
    }

    /// Passes the product on.
    pub(super) fn finish(mut self, file: &File, session: &mut Session) {
        session.counts.products += 1;
        let name = |column| {
            file.layout
                .column(column)
                .map(|column| &*file.header[column])
        };
        if self.kind == Kind::Variable && self.fields.variants.is_empty() && !self.is_damaged {
            let message = "the product has no variations, so nobody can buy it";
            self.issues
                .push(Issue::warning(self.row, name(Column::Type), message));
            self.fields
                .attributes
                .insert("Type".to_owned(), Kind::Variable.as_str().to_owned());
        }
        let (options, values) = options::settle(
            self.numbered,
            &self.numbered_of_variations,
            &mut self.fields.attributes,
        );
        for ((variant, values), numbered) in self
            .fields
            .variants
            .iter_mut()
            .zip(values)
            .zip(&self.numbered_of_variations)
        {
            variant.option_values = values;
            options::renumber_variation(&mut variant.attributes, numbered, &options);
        }
        self.fields.options = options;
        if self.fields.variants.is_empty() {
            session.counts.variants += 1;
            self.fields.variants.push(self.own);
            self.variant_rows.push(self.row);
        }
        if self.is_damaged {
            self.issues
                .into_iter()
                .for_each(|issue| session.issue(issue));
            return;
        }
        let (row, variant_rows) = (self.row, self.variant_rows);
        session.product(self.fields, row, self.rows, self.issues, |field| {
            let variant = field
                .strip_prefix("variants[")
                .and_then(|rest| rest.split_once(']'));
            let variant =
                variant.and_then(|(index, _)| variant_rows.get(index.parse::<usize>().ok()?));
            (
                variant.copied().unwrap_or(row),
                column_of(field).and_then(name),
            )
        });
    }
}

/// The handle that the row brings along.
fn handle(cells: &mut Cells<'_, Column>) -> Option<Handle> {
    let text = cells.some_text(Column::Slug)?.trim();
    let handle = text.parse().ok();
    if handle.is_none() {
        cells.unknown(Column::Slug, "a handle");
    }
    handle
}

fn status(cells: &mut Cells<'_, Column>) -> ProductStatus {
    let published = cells.text(Column::Published).trim();
    let status = match published {
        "1" | "" => ProductStatus::Published,
        "0" | "-1" => ProductStatus::Draft,
        _ => {
            cells.unknown(Column::Published, "1, 0 or -1");
            ProductStatus::Draft
        }
    };
    match cells.text(Column::Status).trim() {
        "archived" => ProductStatus::Archived,
        _ => status,
    }
}

fn description(cells: &mut Cells<'_, Column>) -> SanitizedHtml {
    let html = cells.text(Column::Description);
    if html.len() > DESCRIPTION_BYTES_MAX {
        let message = format!("the description is longer than {DESCRIPTION_BYTES_MAX} bytes");
        cells.error(Column::Description, message);
        return SanitizedHtml::default();
    }
    SanitizedHtml::sanitize(html)
}

fn images(cells: &mut Cells<'_, Column>) -> Vec<ImageDraft> {
    let mut images = Vec::new();
    for link in list::split(cells.text(Column::Images)) {
        match web_address(&link) {
            Some(url) => images.push(ImageDraft {
                url,
                ..ImageDraft::default()
            }),
            None => {
                let link = shorten(&link);
                let message = format!("{link:?} is not an http or https address");
                cells.error(Column::Images, message);
            }
        }
    }
    images
}

/// The column in which a field stands.
fn column_of(field: &str) -> Option<Column> {
    let field = field.rsplit_once("].").map_or(field, |(_, field)| field);
    Some(match field.split('[').next().unwrap_or(field) {
        "name" => Column::Name,
        "slug" => Column::Slug,
        "description" => Column::Description,
        "vendor" => Column::Brands,
        "tags" => Column::Tags,
        "categories" => Column::Categories,
        "sku" => Column::Sku,
        "barcode" => Column::Barcode,
        "weight_grams" => Column::Weight,
        "images" | "url" | "image_url" => Column::Images,
        "option_values" | "values" => Column::AttributeValues(1),
        _ => return None,
    })
}
