use tenancy_core::TenantScope;

use super::{
    Category, CategoryDraft, CategoryId, Handle, Position, Product, ProductDraft, ProductId,
    ProductQuery,
};
use crate::error::Error;
use crate::page::{Limit, Page};
use crate::patch::{Patch, ProductPatch};

/// What an import did with one draft.
#[derive(Clone, Debug, PartialEq)]
pub enum Put {
    /// There was no such product.
    Created(Product),
    /// The product was otherwise; nothing is written where the variant is [`Unchanged`](Self::Unchanged).
    Updated(Product),
    /// The product was like that already.
    Unchanged(Product),
}

impl Put {
    /// The product as it is now.
    pub fn product(&self) -> &Product {
        match self {
            Self::Created(product) | Self::Updated(product) | Self::Unchanged(product) => product,
        }
    }
}

/// Keeps the products and categories of shops.
///
/// Every change is journaled with what was before and after. An id of another shop is
/// [`NotFound`](crate::ErrorKind::NotFound). Implementations must pass the suite in
/// `contract::catalog` (feature `testing`).
pub trait Catalog: Send + Sync + 'static {
    /// A page of products. A position of another order is
    /// [`Invalid`](crate::ErrorKind::Invalid); an unknown category has no products.
    fn list(
        &self,
        scope: &TenantScope,
        query: &ProductQuery,
    ) -> impl Future<Output = Result<Page<Product, Position>, Error>> + Send;

    /// All products in the order of their ids, for exports.
    fn export(
        &self,
        scope: &TenantScope,
        after: Option<ProductId>,
        limit: Limit,
    ) -> impl Future<Output = Result<Page<Product, ProductId>, Error>> + Send;

    /// The product, or [`NotFound`](crate::ErrorKind::NotFound).
    fn find(
        &self,
        scope: &TenantScope,
        id: ProductId,
    ) -> impl Future<Output = Result<Product, Error>> + Send;

    /// The product with this slug, or [`NotFound`](crate::ErrorKind::NotFound).
    fn find_by_slug(
        &self,
        scope: &TenantScope,
        slug: &Handle,
    ) -> impl Future<Output = Result<Product, Error>> + Send;

    /// Adds a product, or fails with [`SlugTaken`](crate::ErrorKind::SlugTaken). Categories
    /// that it names and that are missing are made.
    fn insert(
        &self,
        scope: &TenantScope,
        draft: &ProductDraft,
    ) -> impl Future<Output = Result<Product, Error>> + Send;

    /// Makes the product be as the draft says. Variants are recognised by their SKU and option
    /// values and keep their ids; stock that the draft does not change is left to the orders
    /// that are changing it.
    fn replace(
        &self,
        scope: &TenantScope,
        id: ProductId,
        draft: &ProductDraft,
    ) -> impl Future<Output = Result<Product, Error>> + Send;

    /// As [`replace`](Self::replace), or [`Conflict`](crate::ErrorKind::Conflict) when the
    /// product changed since it was `read`.
    fn update(
        &self,
        scope: &TenantScope,
        read: &Product,
        draft: &ProductDraft,
    ) -> impl Future<Output = Result<Product, Error>> + Send;

    /// Changes some fields.
    fn patch(
        &self,
        scope: &TenantScope,
        id: ProductId,
        patch: &ProductPatch,
    ) -> impl Future<Output = Result<Product, Error>> + Send;

    /// Deletes the product with its variants and their stock. Orders keep what they say of it.
    fn delete(
        &self,
        scope: &TenantScope,
        id: ProductId,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Adds the product, or brings the one with the same slug up to what the draft
    /// [gives](super::Given), all of it or nothing. Doing it again changes nothing, and
    /// nothing is journaled then.
    fn put_draft(
        &self,
        scope: &TenantScope,
        draft: &ProductDraft,
    ) -> impl Future<Output = Result<Put, Error>> + Send;

    /// All categories, those at the top first and siblings in order; see
    /// [`CategoryNode::forest`](super::CategoryNode::forest).
    fn categories(
        &self,
        scope: &TenantScope,
    ) -> impl Future<Output = Result<Vec<Category>, Error>> + Send;

    /// The category, or [`NotFound`](crate::ErrorKind::NotFound).
    fn find_category(
        &self,
        scope: &TenantScope,
        id: CategoryId,
    ) -> impl Future<Output = Result<Category, Error>> + Send;

    /// Adds a category, or fails with [`SlugTaken`](crate::ErrorKind::SlugTaken), or
    /// [`Invalid`](crate::ErrorKind::Invalid) when there is no such parent.
    fn insert_category(
        &self,
        scope: &TenantScope,
        draft: &CategoryDraft,
    ) -> impl Future<Output = Result<Category, Error>> + Send;

    /// Makes the category be as the draft says; [`Invalid`](crate::ErrorKind::Invalid) when it
    /// would stand below itself.
    fn replace_category(
        &self,
        scope: &TenantScope,
        id: CategoryId,
        draft: &CategoryDraft,
    ) -> impl Future<Output = Result<Category, Error>> + Send;

    /// Changes some fields of a category.
    fn patch_category(
        &self,
        scope: &TenantScope,
        id: CategoryId,
        patch: &Patch<CategoryDraft>,
    ) -> impl Future<Output = Result<Category, Error>> + Send;

    /// Deletes a category; its products stay. Fails with
    /// [`HasChildren`](crate::ErrorKind::HasChildren) while there are categories below it.
    fn delete_category(
        &self,
        scope: &TenantScope,
        id: CategoryId,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}
