use askama::Template;

use super::card::ProductCard;
use super::category::{CategoryNode, CategoryTree};
use super::filters::Filters;
use super::frame::{Frame, Section};
use super::html::one_line;
use super::link::Link;
use super::shop::ShopView;

/// `/products`: all of a shop's products, or those a visitor asked for.
#[derive(Debug, Template)]
#[template(path = "products.html")]
pub(crate) struct ListPage {
    pub(crate) shop: ShopView,
    pub(crate) categories: Vec<CategoryNode>,
    pub(crate) listing: Listing,
}

impl ListPage {
    fn heading(&self) -> String {
        let texts = self.shop.texts();
        let filters = &self.listing.filters;
        if filters.q.is_empty() {
            return texts.all_products.to_owned();
        }
        texts.results.replace("{}", &one_line(&filters.q))
    }

    fn frame(&self) -> Frame<'_> {
        let filters = &self.listing.filters;
        let path = match &filters.category {
            Some(category) => Link::category(category),
            None => Link::products(),
        };
        Frame {
            section: Section::Products,
            // Search results are endless, and crawlers should not walk them.
            indexed: filters.q.is_empty(),
            query: &filters.q,
            ..self.shop.frame(&self.heading(), &path)
        }
    }
}

/// One page of a list of products, and what it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    /// The list's own path: `/products`, or that of a category.
    pub(crate) path: Link,
    pub(crate) filters: Filters,
    pub(crate) cards: Vec<ProductCard>,
    /// How many products there are on all pages, when that is known.
    pub(crate) total: Option<u64>,
    /// Where the next page starts, when there is one.
    pub(crate) next_cursor: Option<String>,
}

impl Listing {
    pub(super) fn next_url(&self) -> Option<Link> {
        let cursor = self.next_cursor.as_deref()?;
        Some(self.filters.page(&self.path, Some(cursor)))
    }

    /// The way back to the first page, for visitors of a later one.
    pub(super) fn first_url(&self) -> Option<Link> {
        let _later = self.filters.cursor.as_ref()?;
        Some(self.filters.page(&self.path, None))
    }
}
