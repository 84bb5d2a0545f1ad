use serde::{Deserialize, Serialize};
use tenancy_core::TenantId;

use super::Handle;
use super::invalid::Checks;
use super::limits::NAME_MAX;
use crate::error::Error;
use crate::id::{id, nobody};
use crate::patch::Draft;

id! {
    /// A category's permanent identity.
    CategoryId
}

/// A place in a shop where products stand, below another or at the top.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Category {
    /// Whose it is. Not part of the JSON; nobody's when read from there.
    #[serde(skip, default = "nobody")]
    pub tenant_id: TenantId,
    /// Permanent.
    pub id: CategoryId,
    /// The category above, if any.
    pub parent_id: Option<CategoryId>,
    /// The name in URLs, unique in the shop.
    pub slug: Handle,
    /// What it is called.
    pub name: String,
    /// Where it stands among the categories below the same parent.
    pub position: i64,
}

impl Category {
    /// The category as a draft, to be changed.
    pub fn to_draft(&self) -> CategoryDraft {
        CategoryDraft {
            name: self.name.clone(),
            slug: Some(self.slug.clone()),
            parent_id: self.parent_id,
            position: self.position,
        }
    }
}

/// A category as somebody wishes it to be.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CategoryDraft {
    /// What it is called.
    pub name: String,
    /// The name in URLs; made from the name when there is none.
    #[serde(default)]
    pub slug: Option<Handle>,
    /// The category above, if any.
    #[serde(default)]
    pub parent_id: Option<CategoryId>,
    /// Where it stands among its siblings.
    #[serde(default)]
    pub position: i64,
}

impl Draft for CategoryDraft {}

impl CategoryDraft {
    /// A category of that name at the top.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            slug: None,
            parent_id: None,
            position: 0,
        }
    }

    #[cfg_attr(
        not(any(feature = "postgres", feature = "sqlite")),
        expect(dead_code, reason = "for the stores")
    )]
    pub(super) fn check(&self) -> Result<Handle, Error> {
        let mut checks = Checks::default();
        checks.name("name", &self.name, NAME_MAX);
        let slug = self.slug.clone().or_else(|| Handle::from_name(&self.name));
        if slug.is_none() {
            checks.refuse("slug", "cannot be made from the name");
        }
        checks.finish()?;
        slug.ok_or_else(|| Error::invalid("slug", "cannot be made from the name"))
    }
}

/// A category with those below it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct CategoryNode {
    /// The category.
    #[serde(flatten)]
    pub category: Category,
    /// Those below it, in order.
    pub children: Vec<Self>,
}

impl CategoryNode {
    /// The trees of `categories`, in the order of their positions and names.
    pub fn forest(categories: Vec<Category>) -> Vec<Self> {
        let mut rest = categories;
        rest.sort_by(|a, b| (a.position, &a.name, a.id).cmp(&(b.position, &b.name, b.id)));
        let mut by_parent = std::collections::HashMap::<_, Vec<Category>>::new();
        for category in rest {
            by_parent
                .entry(category.parent_id)
                .or_default()
                .push(category);
        }
        Self::below(None, &mut by_parent)
    }

    fn below(
        parent: Option<CategoryId>,
        by_parent: &mut std::collections::HashMap<Option<CategoryId>, Vec<Category>>,
    ) -> Vec<Self> {
        let children = by_parent.remove(&parent).unwrap_or_default();
        children
            .into_iter()
            .map(|category| Self {
                children: Self::below(Some(category.id), by_parent),
                category,
            })
            .collect()
    }
}
