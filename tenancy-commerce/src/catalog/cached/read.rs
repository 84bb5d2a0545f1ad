use std::fmt::Display;

use tenancy_cache::Key;
use tenancy_cache::class::Class;

use super::{CachedCatalog, CategoryId, Handle, ProductId, ProductQuery};

/// A read of a [`CachedCatalog`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum CachedRead {
    /// All categories.
    Categories,
    /// A category by its id.
    Category(CategoryId),
    /// A product by its id.
    Product(ProductId),
    /// A product by its slug.
    ProductBySlug(Handle),
    /// A list of products.
    Products(ProductQuery),
}

impl<C> CachedCatalog<C> {
    /// Where in the cache a read has its entry; `None` for one that passes through.
    pub fn entry_of(&self, read: &CachedRead) -> Option<(Class, Key<'static>)> {
        self.cache.as_ref()?;
        Some(match read {
            CachedRead::Categories => (self.categories, all_key()),
            CachedRead::Category(id) => (self.categories, id_key(id)),
            CachedRead::Product(id) => (self.products, id_key(id)),
            CachedRead::ProductBySlug(slug) => (self.products, slug_key(slug)),
            CachedRead::Products(query) => (self.lists, list_key(query)?),
        })
    }
}

pub(super) fn all_key() -> Key<'static> {
    "all".into()
}

pub(super) fn id_key(id: impl Display) -> Key<'static> {
    Key::from("id").part(id)
}

pub(super) fn slug_key(slug: &Handle) -> Key<'static> {
    Key::from("slug").part(slug)
}

/// `None` for searches and what follows a first page.
pub(super) fn list_key(query: &ProductQuery) -> Option<Key<'static>> {
    // As it is debugged, a query shows every field, and texts between quotes.
    let is_kept = query.q.is_none() && query.after.is_none();
    is_kept.then(|| Key::new(format_args!("{query:?}")))
}
