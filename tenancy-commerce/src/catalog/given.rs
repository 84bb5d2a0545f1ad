use std::fmt;
use std::sync::Arc;

/// A field of a product or of its variants that a file may leave out.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(missing_docs, reason = "each is the field of the same name")]
pub enum Field {
    Backorder,
    Barcode,
    Categories,
    CompareAtPrice,
    Cost,
    Description,
    Featured,
    Images,
    Name,
    Options,
    Price,
    ProductType,
    RequiresShipping,
    Sku,
    Status,
    Stock,
    Tags,
    Taxable,
    VariantImage,
    Vendor,
    Weight,
    WeightUnit,
}

/// Which fields a draft speaks about.
///
/// A field that is not given keeps its value when an existing product is updated, and gets its
/// default in a new one. A field that is given and empty is blanked out. A draft from a file
/// gives what the file has columns for; every other draft gives [everything](Self::everything).
#[derive(Clone, Eq, PartialEq)]
pub struct Given {
    fields: u32,
    /// `None`: every attribute there is.
    attributes: Option<Arc<[String]>>,
}

impl Given {
    /// Every field and every attribute: the draft replaces the product.
    pub const fn everything() -> Self {
        Self {
            fields: u32::MAX,
            attributes: None,
        }
    }

    /// These fields and these attributes only.
    pub fn only(
        fields: impl IntoIterator<Item = Field>,
        attributes: impl IntoIterator<Item = String>,
    ) -> Self {
        Self {
            fields: fields.into_iter().fold(0, |set, field| set | bit(field)),
            attributes: Some(attributes.into_iter().collect()),
        }
    }

    /// The same without `field`.
    #[must_use]
    pub const fn without(mut self, field: Field) -> Self {
        self.fields &= !bit(field);
        self
    }

    /// Whether `field` is given.
    pub const fn contains(&self, field: Field) -> bool {
        self.fields & bit(field) != 0
    }

    /// Whether the attribute is given; when it is and a draft has no value for it, it is blank.
    pub fn contains_attribute(&self, name: &str) -> bool {
        match &self.attributes {
            Some(attributes) => attributes.iter().any(|given| given == name),
            None => true,
        }
    }
}

/// Everything.
impl Default for Given {
    fn default() -> Self {
        Self::everything()
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.attributes {
            Some(attributes) => {
                write!(
                    formatter,
                    "Given({:#x} and {} attributes)",
                    self.fields,
                    attributes.len()
                )
            }
            None => formatter.write_str("Given(everything)"),
        }
    }
}

const fn bit(field: Field) -> u32 {
    1 << field as u32
}
