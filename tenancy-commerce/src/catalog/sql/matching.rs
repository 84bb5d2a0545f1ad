//! Which stored variant a draft means.

use crate::catalog::{Variant, VariantDraft};

/// For each draft the index of the stored variant that it describes, if any.
///
/// An id decides. Without one they are recognised by SKU and option values together, then by the
/// SKU, then by the option values; the one variant of a product without options by being the only
/// one. No stored variant is used twice.
pub(super) fn variants(stored: &[Variant], drafts: &[VariantDraft]) -> Vec<Option<usize>> {
    let mut free = vec![true; stored.len()];
    let mut found = vec![None; drafts.len()];
    let mut pass = |same: &dyn Fn(&Variant, &VariantDraft) -> bool| {
        for (draft, found) in drafts.iter().zip(&mut found) {
            if found.is_none() {
                *found = (0..stored.len()).find(|&at| free[at] && same(&stored[at], draft));
                if let Some(at) = *found {
                    free[at] = false;
                }
            }
        }
    };
    pass(&|one, draft| draft.id == Some(one.id));
    let mut pass = |same: &dyn Fn(&Variant, &VariantDraft) -> bool| {
        pass(&|one, draft| draft.id.is_none() && same(one, draft));
    };
    pass(&|one, draft| one.sku == draft.sku && one.option_values == draft.option_values);
    pass(&|one, draft| one.sku.is_some() && one.sku == draft.sku);
    pass(&|one, draft| !one.option_values.is_empty() && one.option_values == draft.option_values);
    if stored.len() == 1 && drafts.len() == 1 {
        pass(&|_, _| true);
    }
    found
}
