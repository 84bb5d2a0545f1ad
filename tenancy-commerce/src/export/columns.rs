use std::collections::BTreeSet;

use super::woocommerce;
use crate::catalog::{Handle, ProductDraft, ProductStatus};
use crate::import::names::{ATTRIBUTE_PREFIX, Target};

/// Which columns a file needs, found out from all the products it will hold.
#[derive(Clone, Debug, Default)]
pub struct ExportColumns {
    pub(super) options: usize,
    pub(super) attributes: BTreeSet<String>,
    /// The numbers of the attributes in WooCommerce's sense.
    pub(super) numbered: BTreeSet<usize>,
    pub(super) has_archived: bool,
    pub(super) has_categories: bool,
    pub(super) has_several_categories: bool,
    pub(super) has_cost: bool,
    pub(super) has_featured: bool,
    pub(super) has_other_handles: bool,
    pub(super) has_product_type: bool,
}

impl ExportColumns {
    /// Takes the needs of a product into account.
    pub fn add(&mut self, draft: &ProductDraft) {
        self.options = self.options.max(draft.options.len());
        let of_variants = draft
            .variants
            .iter()
            .flat_map(|variant| &variant.attributes);
        for (name, text) in draft.attributes.iter().chain(of_variants) {
            if !text.is_empty() && !self.attributes.contains(name) {
                self.attributes.insert(name.clone());
            }
        }
        self.numbered.extend(woocommerce::numbers(draft));
        self.has_archived |= draft.status == ProductStatus::Archived;
        self.has_categories |= !draft.categories.is_empty();
        self.has_several_categories |= draft.categories.len() > 1;
        self.has_cost |= draft.variants.iter().any(|variant| variant.cost.is_some());
        self.has_featured |= draft.featured;
        self.has_other_handles |= Handle::from_name(&draft.name).as_ref() != Some(&draft.slug);
        self.has_product_type |= !draft.product_type.is_empty();
    }

    /// The attributes but for `except`, each with the name its column has.
    pub(super) fn attributes<C: PartialEq>(
        &self,
        target: impl Fn(&str) -> Target<C>,
        except: impl Fn(&str) -> bool,
    ) -> impl Iterator<Item = (String, Target<C>)> {
        self.attributes
            .iter()
            .filter(move |name| !except(name))
            .map(move |name| {
                let attribute = Target::Attribute(name.clone());
                let column = match target(name) == attribute {
                    true => name.clone(),
                    false => format!("{ATTRIBUTE_PREFIX}{name}"),
                };
                (column, attribute)
            })
    }
}
