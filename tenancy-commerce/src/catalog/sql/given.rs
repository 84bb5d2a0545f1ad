//! A stored product with what a draft gives laid over it.

use std::collections::BTreeMap;

use super::matching;
use crate::catalog::{Field, Given, Product, ProductDraft, VariantDraft};
use crate::error::Error;

pub(super) fn over(stored: &Product, draft: &ProductDraft) -> Result<ProductDraft, Error> {
    let given = &draft.given;
    let mut fields = stored.to_fields();
    macro_rules! lay_over {
        ($($field:ident $name:ident),*) => {
            $(if given.contains(Field::$field) {
                fields.$name.clone_from(&draft.$name);
            })*
        };
    }
    lay_over!(
        Categories categories, Description description, Featured featured, Images images,
        Name name, Options options, ProductType product_type, Status status, Tags tags,
        Vendor vendor
    );
    attributes(&mut fields.attributes, &draft.attributes, given);
    let found = matching::variants(&stored.variants, &draft.variants);
    fields.variants = draft
        .variants
        .iter()
        .zip(found)
        .map(|(draft, found)| match found {
            None => draft.clone(),
            Some(at) => variant(stored.variants[at].to_draft(), draft, given),
        })
        .collect();
    Ok(ProductDraft::new(fields)?)
}

fn variant(mut stored: VariantDraft, draft: &VariantDraft, given: &Given) -> VariantDraft {
    macro_rules! lay_over {
        ($($field:ident $name:ident),*) => {
            $(if given.contains(Field::$field) {
                stored.$name.clone_from(&draft.$name);
            })*
        };
    }
    lay_over!(
        Backorder backorder, Barcode barcode, CompareAtPrice compare_at_price, Cost cost,
        Options option_values, Price price, RequiresShipping requires_shipping, Sku sku,
        Stock stock, Taxable taxable, VariantImage image_url, Weight weight_grams,
        WeightUnit weight_unit
    );
    attributes(&mut stored.attributes, &draft.attributes, given);
    stored
}

fn attributes(
    stored: &mut BTreeMap<String, String>,
    draft: &BTreeMap<String, String>,
    given: &Given,
) {
    stored.retain(|name, _| !given.contains_attribute(name));
    for (name, value) in draft {
        if given.contains_attribute(name) {
            stored.insert(name.clone(), value.clone());
        }
    }
}
