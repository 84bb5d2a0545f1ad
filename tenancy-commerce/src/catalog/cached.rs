mod read;

use std::sync::Arc;

use tenancy_cache::class::{Class, PRODUCT_LISTS};
use tenancy_cache::{Cache, Cached, Key, Tag};
use tenancy_core::TenantScope;

pub use self::read::CachedRead;
use self::read::{all_key, id_key, list_key, slug_key};
use super::{
    Catalog, Category, CategoryDraft, CategoryId, Handle, Position, Product, ProductDraft,
    ProductId, ProductQuery, Put,
};
use crate::error::{Error, ErrorKind};
use crate::page::{Limit, Page};
use crate::patch::{Patch, ProductPatch};

/// Single products: an hour.
pub const PRODUCTS: Class = Class::new("products");
/// Categories: an hour.
pub const CATEGORIES: Class = Class::new("categories");

/// A [`Catalog`] that reads through a cache.
///
/// Lists of products (but for searches and what follows the first page, which would displace what is
/// asked for more often), single products and categories are cached; changes and exports pass
/// through. The cache must hear of the catalogue's changes: see
/// [`CacheBuilder::journal`](tenancy_cache::CacheBuilder::journal).
///
/// What is read has the tags `product`, `category` and `stock`, as far as it shows them, and for a
/// single one `product` or `category` with its id behind.
#[derive(Clone, Debug)]
pub struct CachedCatalog<C> {
    catalog: Arc<C>,
    /// `None`: everything passes through.
    cache: Option<Cache>,
    lists: Class,
    products: Class,
    categories: Class,
}

impl<C: Catalog> CachedCatalog<C> {
    /// Reads of this catalogue through the cache.
    pub fn new(catalog: C, cache: &Cache) -> Self {
        Self {
            cache: Some(cache.clone()),
            ..Self::passing_through(catalog)
        }
    }

    /// No cache: for where it is a matter of configuration whether there is one.
    pub fn passing_through(catalog: C) -> Self {
        Self {
            catalog: Arc::new(catalog),
            cache: None,
            lists: PRODUCT_LISTS,
            products: PRODUCTS,
            categories: CATEGORIES,
        }
    }

    /// Sets how lists of products are kept. Default: [`PRODUCT_LISTS`].
    #[must_use]
    pub fn keep_lists(mut self, class: Class) -> Self {
        self.lists = class;
        self
    }

    /// Sets how single products are kept. Default: [`PRODUCTS`].
    #[must_use]
    pub fn keep_products(mut self, class: Class) -> Self {
        self.products = class;
        self
    }

    /// Sets how categories are kept. Default: [`CATEGORIES`].
    #[must_use]
    pub fn keep_categories(mut self, class: Class) -> Self {
        self.categories = class;
        self
    }

    /// The catalogue itself.
    pub fn uncached(&self) -> &C {
        &self.catalog
    }

    /// What the cache has, or what `load` finds; that there is none is remembered as well.
    async fn remember<T, F>(
        &self,
        scope: &TenantScope,
        class: &Class,
        key: Key<'_>,
        tags: &[Tag],
        load: impl FnOnce(Arc<C>, TenantScope) -> F,
    ) -> Result<T, Error>
    where
        T: Cached + Clone,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let Some(cache) = &self.cache else {
            return load(self.catalog.clone(), scope.clone()).await;
        };
        scope.check().await?;
        let shop = cache.tenant(scope).map_err(refused)?;
        let load = || {
            let found = load(self.catalog.clone(), scope.clone());
            async {
                match found.await {
                    Ok(value) => Ok(Some(value)),
                    Err(error) if *error.kind() == ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(error),
                }
            }
        };
        let found = shop.remember_optional(class, key, tags, load).await;
        let found = found.map_err(refused)?;
        found.as_deref().cloned().ok_or(ErrorKind::NotFound.into())
    }
}

#[deny(
    clippy::missing_trait_methods,
    reason = "a method that is added has to be thought about"
)]
impl<C: Catalog> Catalog for CachedCatalog<C> {
    async fn list(
        &self,
        scope: &TenantScope,
        query: &ProductQuery,
    ) -> Result<Page<Product, Position>, Error> {
        let Some(key) = list_key(query) else {
            return self.catalog.list(scope, query).await;
        };
        let tags = ["product", "category", "stock"].map(Tag::from);
        let query = query.clone();
        let load = |catalog: Arc<C>, scope| async move { catalog.list(&scope, &query).await };
        let mut page: Page<Product, Position> =
            self.remember(scope, &self.lists, key, &tags, load).await?;
        page.items.iter_mut().for_each(|one| own(one, scope));
        Ok(page)
    }

    async fn export(
        &self,
        scope: &TenantScope,
        after: Option<ProductId>,
        limit: Limit,
    ) -> Result<Page<Product, ProductId>, Error> {
        self.catalog.export(scope, after, limit).await
    }

    async fn find(&self, scope: &TenantScope, id: ProductId) -> Result<Product, Error> {
        let key = id_key(id);
        let tags = [
            Tag::from("product").part(id),
            "category".into(),
            "stock".into(),
        ];
        let load = move |catalog: Arc<C>, scope| async move { catalog.find(&scope, id).await };
        let mut product = self
            .remember(scope, &self.products, key, &tags, load)
            .await?;
        own(&mut product, scope);
        Ok(product)
    }

    async fn find_by_slug(&self, scope: &TenantScope, slug: &Handle) -> Result<Product, Error> {
        let key = slug_key(slug);
        // Another product may come to have the slug.
        let tags = ["product", "category", "stock"].map(Tag::from);
        let slug = slug.clone();
        let load =
            |catalog: Arc<C>, scope| async move { catalog.find_by_slug(&scope, &slug).await };
        let mut product = self
            .remember(scope, &self.products, key, &tags, load)
            .await?;
        own(&mut product, scope);
        Ok(product)
    }

    async fn insert(&self, scope: &TenantScope, draft: &ProductDraft) -> Result<Product, Error> {
        self.catalog.insert(scope, draft).await
    }

    async fn replace(
        &self,
        scope: &TenantScope,
        id: ProductId,
        draft: &ProductDraft,
    ) -> Result<Product, Error> {
        self.catalog.replace(scope, id, draft).await
    }

    async fn update(
        &self,
        scope: &TenantScope,
        read: &Product,
        draft: &ProductDraft,
    ) -> Result<Product, Error> {
        self.catalog.update(scope, read, draft).await
    }

    async fn patch(
        &self,
        scope: &TenantScope,
        id: ProductId,
        patch: &ProductPatch,
    ) -> Result<Product, Error> {
        self.catalog.patch(scope, id, patch).await
    }

    async fn delete(&self, scope: &TenantScope, id: ProductId) -> Result<(), Error> {
        self.catalog.delete(scope, id).await
    }

    async fn put_draft(&self, scope: &TenantScope, draft: &ProductDraft) -> Result<Put, Error> {
        self.catalog.put_draft(scope, draft).await
    }

    async fn categories(&self, scope: &TenantScope) -> Result<Vec<Category>, Error> {
        let tags = [Tag::from("category")];
        let load = |catalog: Arc<C>, scope| async move { catalog.categories(&scope).await };
        let mut categories: Vec<Category> = self
            .remember(scope, &self.categories, all_key(), &tags, load)
            .await?;
        let tenant = scope.tenant_id();
        categories.iter_mut().for_each(|one| one.tenant_id = tenant);
        Ok(categories)
    }

    async fn find_category(&self, scope: &TenantScope, id: CategoryId) -> Result<Category, Error> {
        let key = id_key(id);
        let tags = [Tag::from("category").part(id)];
        let load =
            move |catalog: Arc<C>, scope| async move { catalog.find_category(&scope, id).await };
        let mut category: Category = self
            .remember(scope, &self.categories, key, &tags, load)
            .await?;
        category.tenant_id = scope.tenant_id();
        Ok(category)
    }

    async fn insert_category(
        &self,
        scope: &TenantScope,
        draft: &CategoryDraft,
    ) -> Result<Category, Error> {
        self.catalog.insert_category(scope, draft).await
    }

    async fn replace_category(
        &self,
        scope: &TenantScope,
        id: CategoryId,
        draft: &CategoryDraft,
    ) -> Result<Category, Error> {
        self.catalog.replace_category(scope, id, draft).await
    }

    async fn patch_category(
        &self,
        scope: &TenantScope,
        id: CategoryId,
        patch: &Patch<CategoryDraft>,
    ) -> Result<Category, Error> {
        self.catalog.patch_category(scope, id, patch).await
    }

    async fn delete_category(&self, scope: &TenantScope, id: CategoryId) -> Result<(), Error> {
        self.catalog.delete_category(scope, id).await
    }
}

/// Whose a record is does not travel with it; the cache is the tenant's.
fn own(product: &mut Product, scope: &TenantScope) {
    product.tenant_id = scope.tenant_id();
    for variant in &mut product.variants {
        variant.tenant_id = scope.tenant_id();
    }
}

/// The catalogue's own error, which others who waited for the same load get as well, or what the
/// cache had to refuse.
fn refused(error: tenancy_cache::Error) -> Error {
    let kind = match error.load_error::<Error>() {
        Some(error) => error.kind().clone(),
        None => ErrorKind::Store(match error.kind() {
            tenancy_cache::ErrorKind::LoadTimedOut => tenancy_core::ErrorKind::TimedOut,
            tenancy_cache::ErrorKind::NotAvailable(state) => {
                tenancy_core::ErrorKind::NotAvailable(state)
            }
            tenancy_cache::ErrorKind::NotFound => tenancy_core::ErrorKind::NotFound,
            tenancy_cache::ErrorKind::WrongRealm => tenancy_core::ErrorKind::WrongRealm,
            _ => tenancy_core::ErrorKind::Unavailable,
        }),
    };
    Error::with_source(kind, error)
}
