use crate::catalog::limits::{DESCRIPTION_BYTES_MAX, IMAGES_MAX, OPTIONS_MAX, VARIANTS_MAX};
use crate::catalog::{
    CategoryPath, Given, Handle, ImageDraft, OptionDraft, ProductFields, ProductStatus,
    VariantDraft,
};
use crate::import::cells::{Cells, shorten};
use crate::import::names::Layout;
use crate::import::reader::Session;
use crate::import::records::Record;
use crate::import::shopify::columns::{self, Column};
use crate::import::shopify::variant;
use crate::import::{Issue, list};
use crate::money::Currency;
use tenancy_core::html::SanitizedHtml;

/// The most text one product may have, over all its rows.
const PRODUCT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The rows of one product, put together.
pub(super) struct Group {
    fields: ProductFields,
    currency: Currency,
    issues: Vec<Issue>,
    row: u64,
    rows: u64,
    bytes: usize,
    has_title: bool,
    /// A row that belongs to the product cannot be read; that is reported with the row.
    is_damaged: bool,
    is_too_large: bool,
    option_names: [String; OPTIONS_MAX],
    /// The row with the title, read as a variant, for a product without a variant row.
    lone: Option<(VariantDraft, Vec<Issue>)>,
    variant_rows: Vec<u64>,
    image_rows: Vec<u64>,
}

impl Group {
    pub(super) fn new(handle: Handle, is_damaged: bool, given: &Given, currency: Currency) -> Self {
        Self {
            fields: ProductFields {
                given: given.clone(),
                ..ProductFields::with_slug(handle, String::new())
            },
            currency,
            issues: Vec::new(),
            row: 0,
            rows: 0,
            bytes: 0,
            has_title: false,
            is_damaged,
            is_too_large: false,
            option_names: Default::default(),
            lone: None,
            variant_rows: Vec::new(),
            image_rows: Vec::new(),
        }
    }

    pub(super) const fn handle(&self) -> &Handle {
        &self.fields.slug
    }

    /// Adds a row.
    pub(super) fn read(
        &mut self,
        record: &Record,
        header: &[String],
        layout: &Layout<Column>,
        session: &mut Session,
    ) {
        self.rows += 1;
        if self.row == 0 {
            self.row = record.row();
        }
        self.bytes += record.len();
        if self.bytes > PRODUCT_BYTES_MAX {
            return self.refuse_size(record, "the product has more than 16 MiB of text");
        }
        let mut issues = std::mem::take(&mut self.issues);
        let mut cells = Cells {
            record,
            header,
            layout,
            issues: &mut issues,
        };

        let is_first = !self.has_title && cells.some_text(Column::Title).is_some();
        if is_first {
            self.has_title = true;
            self.read_product(&mut cells);
        }
        let is_variant = variant::is_in(&cells);
        if is_variant {
            session.counts.variants += 1;
            let variant = variant::read(&mut cells, self.currency, is_first, session);
            self.add_variant(variant, record);
        } else if is_first {
            let mut issues = Vec::new();
            let mut cells = Cells {
                record,
                header,
                layout,
                issues: &mut issues,
            };
            let variant = variant::read(&mut cells, self.currency, true, session);
            self.lone = Some((variant, issues));
        }
        let has_image = self.read_image(&mut cells);
        if has_image && !is_variant && !is_first {
            session.counts.images += 1;
        }
        self.issues.append(&mut issues);
    }

    /// Passes the product on.
    pub(super) fn finish(
        mut self,
        header: &[String],
        layout: &Layout<Column>,
        session: &mut Session,
    ) {
        session.counts.products += 1;
        if self.fields.variants.is_empty()
            && let Some((variant, mut issues)) = self.lone.take()
        {
            session.counts.variants += 1;
            self.issues.append(&mut issues);
            self.fields.variants.push(variant);
            self.variant_rows.push(self.row);
        }
        let name = |column| layout.column(column).map(|column| header[column].as_str());
        if self.is_damaged {
            for issue in self.issues {
                session.issue(issue);
            }
            return;
        }
        if !self.has_title {
            let message = "the product has no title";
            self.issues
                .push(Issue::error(self.row, name(Column::Title), message));
        }
        self.settle_options(name(Column::OptionName(1)));
        let (row, rows) = (self.row, self.rows);
        let (variant_rows, image_rows) = (self.variant_rows, self.image_rows);
        session.product(self.fields, row, rows, self.issues, |field| {
            let part = match index(field) {
                Some(("variants", index)) => variant_rows.get(index),
                Some(("images", index)) => image_rows.get(index),
                _ => None,
            };
            (
                part.copied().unwrap_or(row),
                column_of(field).and_then(name),
            )
        });
    }

    fn read_product(&mut self, cells: &mut Cells<'_, Column>) {
        self.row = cells.record.row();
        self.fields.name = cells.text(Column::Title).to_owned();
        self.fields.status = status(cells);
        self.fields.featured = cells.flag(Column::Featured).unwrap_or(false);
        let body = cells.text(Column::Body);
        if body.len() > DESCRIPTION_BYTES_MAX {
            let message = format!("the description is longer than {DESCRIPTION_BYTES_MAX} bytes");
            cells.error(Column::Body, message);
        } else {
            self.fields.description = SanitizedHtml::sanitize(body);
        }
        self.fields.vendor = cells.text(Column::Vendor).to_owned();
        self.fields.product_type = cells.text(Column::Type).to_owned();
        self.fields.tags = list::split(cells.text(Column::Tags));
        self.fields.categories = categories(cells);
        for (index, name) in self.option_names.iter_mut().enumerate() {
            cells.text(Column::OptionName(index + 1)).clone_into(name);
        }
        self.fields.attributes = cells
            .attributes()
            .filter(|(name, _)| !columns::is_of_variant(name))
            .map(|(name, text)| (name.clone(), text.to_owned()))
            .collect();
    }

    fn add_variant(&mut self, variant: VariantDraft, record: &Record) {
        if self.fields.variants.len() == VARIANTS_MAX {
            let message = format!("the product has more than {VARIANTS_MAX} variants");
            return self.refuse_size(record, message);
        }
        self.fields.variants.push(variant);
        self.variant_rows.push(record.row());
    }

    /// Adds the row's picture, if it has one.
    fn read_image(&mut self, cells: &mut Cells<'_, Column>) -> bool {
        if cells.some_text(Column::ImageSrc).is_none() {
            return false;
        }
        let Some(url) = cells.address(Column::ImageSrc) else {
            return true;
        };
        let position = cells.integer(Column::ImagePosition).unwrap_or(0);
        let position = u32::try_from(position).unwrap_or_else(|_| {
            cells.unknown(Column::ImagePosition, "a position");
            0
        });
        let alt = cells.text(Column::ImageAlt).to_owned();
        if self.fields.images.len() == IMAGES_MAX {
            let message = format!("the product has more than {IMAGES_MAX} pictures");
            self.refuse_size(cells.record, message);
        } else {
            self.fields.images.push(ImageDraft { url, alt, position });
            self.image_rows.push(cells.record.row());
        }
        true
    }

    /// Makes options of the names in the first row and the values in all of them.
    fn settle_options(&mut self, column: Option<&str>) {
        let variants = &mut self.fields.variants;
        let is_lone_default = variants.len() == 1
            && self.option_names[0] == "Title"
            && self.option_names[1..].iter().all(String::is_empty)
            && variants[0]
                .option_values
                .iter()
                .enumerate()
                .all(|(index, value)| value == if index == 0 { "Default Title" } else { "" });
        let used: Vec<usize> = (0..OPTIONS_MAX)
            .filter(|_| !is_lone_default)
            .filter(|&index| {
                let is_chosen = |variant: &VariantDraft| {
                    variant
                        .option_values
                        .get(index)
                        .is_some_and(|value| !value.is_empty())
                };
                !self.option_names[index].trim().is_empty() || variants.iter().any(is_chosen)
            })
            .collect();

        for &index in &used {
            let mut option = OptionDraft {
                name: std::mem::take(&mut self.option_names[index]),
                values: Vec::new(),
            };
            if option.name.trim().is_empty() {
                option.name = format!("Option{}", index + 1);
                let message = format!("the option has no name; it is called {}", option.name);
                self.issues.push(Issue::warning(self.row, column, message));
            }
            for (variant, row) in variants.iter().zip(&self.variant_rows) {
                let value = variant.option_values.get(index).map_or("", String::as_str);
                if value.trim().is_empty() {
                    let message = format!("the variant has no value for {}", shorten(&option.name));
                    self.issues.push(Issue::warning(*row, None, message));
                } else if !option.values.iter().any(|known| known == value) {
                    option.values.push(value.to_owned());
                }
            }
            self.fields.options.push(option);
        }
        for variant in variants {
            let mut values = std::mem::take(&mut variant.option_values);
            let value = |index: &usize| {
                values
                    .get_mut(*index)
                    .map(std::mem::take)
                    .unwrap_or_default()
            };
            variant.option_values = used.iter().map(value).collect();
        }
    }

    /// Notes once that there is too much.
    fn refuse_size(&mut self, record: &Record, message: impl Into<String>) {
        if !self.is_too_large {
            self.is_too_large = true;
            self.issues.push(Issue::error(record.row(), None, message));
        }
    }
}

fn status(cells: &mut Cells<'_, Column>) -> ProductStatus {
    let is_published = cells.flag(Column::Published).unwrap_or(true);
    let visible = if is_published {
        ProductStatus::Published
    } else {
        ProductStatus::Draft
    };
    match cells
        .text(Column::Status)
        .trim()
        .to_ascii_lowercase()
        .as_str()
    {
        "" | "active" => visible,
        "archived" => ProductStatus::Archived,
        "draft" => ProductStatus::Draft,
        "unlisted" => {
            cells.warning(
                Column::Status,
                "there are no unlisted products; it becomes a draft",
            );
            ProductStatus::Draft
        }
        _ => {
            cells.unknown(Column::Status, "active, archived or draft");
            visible
        }
    }
}

fn categories(cells: &Cells<'_, Column>) -> Vec<CategoryPath> {
    let several = list::split(cells.text(Column::Categories));
    let paths = match several.is_empty() {
        true => vec![list::split_path(cells.text(Column::Category))],
        false => several.iter().map(|path| list::split_path(path)).collect(),
    };
    paths
        .into_iter()
        .filter(|path| !path.is_empty())
        .map(CategoryPath)
        .collect()
}

/// Takes `variants[3].price` apart.
fn index(field: &str) -> Option<(&str, usize)> {
    let (list, rest) = field.split_once('[')?;
    let (index, _) = rest.split_once(']')?;
    Some((list, index.parse().ok()?))
}

/// The column in which a field stands.
fn column_of(field: &str) -> Option<Column> {
    let field = field.rsplit_once("].").map_or(field, |(_, field)| field);
    Some(match field.split('[').next().unwrap_or(field) {
        "name" => Column::Title,
        "slug" => Column::Handle,
        "description" => Column::Body,
        "vendor" => Column::Vendor,
        "product_type" => Column::Type,
        "tags" => Column::Tags,
        "categories" => Column::Category,
        "sku" => Column::Sku,
        "barcode" => Column::Barcode,
        "weight_grams" => Column::Grams,
        "images" | "url" => Column::ImageSrc,
        "alt" => Column::ImageAlt,
        "image_url" => Column::VariantImage,
        "option_values" | "values" => Column::OptionValue(1),
        _ => return None,
    })
}
