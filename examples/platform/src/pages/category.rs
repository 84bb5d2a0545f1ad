use askama::Template;

use super::frame::{Frame, Section};
use super::link::Link;
use super::list::Listing;
use super::shop::{Crumb, ShopView};

/// A category and those below it.
#[derive(Clone, Debug)]
pub(crate) struct CategoryNode {
    pub(crate) name: String,
    pub(crate) slug: String,
    /// How many products it holds, when that is known.
    pub(crate) count: Option<u64>,
    /// Whether the page shows this category.
    pub(crate) current: bool,
    pub(crate) children: Vec<Self>,
}

impl CategoryNode {
    pub(super) fn url(&self) -> Link {
        Link::category(&self.slug)
    }

    pub(super) fn picture(&self) -> Link {
        Link::picture(&self.slug, &self.slug)
    }

    pub(super) fn subtree(&self) -> CategoryTree<'_> {
        CategoryTree {
            nodes: &self.children,
        }
    }
}

/// Categories as nested lists of links.
#[derive(Debug, Template)]
#[template(path = "_tree.html")]
pub(super) struct CategoryTree<'a> {
    pub(super) nodes: &'a [CategoryNode],
}

/// `/categories`: every category of a shop.
#[derive(Debug, Template)]
#[template(path = "categories.html")]
pub(crate) struct CategoriesPage {
    pub(crate) shop: ShopView,
    pub(crate) categories: Vec<CategoryNode>,
}

impl CategoriesPage {
    fn frame(&self) -> Frame<'_> {
        let title = self.shop.texts().categories;
        Frame {
            section: Section::Categories,
            ..self.shop.frame(title, &Link::categories())
        }
    }
}

/// `/categories/{slug}`: the products of one category.
#[derive(Debug, Template)]
#[template(path = "category.html")]
pub(crate) struct CategoryPage {
    pub(crate) shop: ShopView,
    pub(crate) name: String,
    pub(crate) slug: String,
    /// The categories above this one, from the top.
    pub(crate) breadcrumbs: Vec<Crumb>,
    /// The shop's categories, with this one marked as current.
    pub(crate) categories: Vec<CategoryNode>,
    /// The categories directly below this one.
    pub(crate) subcategories: Vec<CategoryNode>,
    pub(crate) listing: Listing,
}

impl CategoryPage {
    fn frame(&self) -> Frame<'_> {
        let frame = self.shop.frame(&self.name, &Link::category(&self.slug));
        Frame {
            section: Section::Categories,
            indexed: self.listing.filters.q.is_empty(),
            query: &self.listing.filters.q,
            ..frame
        }
    }
}
