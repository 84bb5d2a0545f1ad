use tenancy_core::sql::{Database, TenantTx};
use tenancy_core::{TenantScope, on_tx};

use super::{
    Catalog, Category, CategoryDraft, CategoryId, Handle, Position, Product, ProductDraft,
    ProductId, ProductQuery, Put,
};
use crate::error::{Error, ErrorKind};
use crate::page::{Limit, Page};
use crate::patch::{Patch, ProductPatch};

mod category;
mod given;
mod list;
mod load;
mod matching;
mod write;

/// A [`Catalog`] in PostgreSQL or SQLite.
///
/// Each method of the trait is a transaction of its own. The functions that end in `_in` do the
/// same inside a transaction of the caller's, who commits it, and who must not commit it after
/// one of them failed.
#[derive(Clone, Debug)]
pub struct SqlCatalog {
    database: Database,
}

impl SqlCatalog {
    /// The catalogues in this database, which must know [`MIGRATIONS`](crate::MIGRATIONS).
    pub fn new(database: &Database) -> Self {
        Self {
            database: database.clone(),
        }
    }

    /// See [`Catalog::list`].
    pub async fn list_in(
        tx: &mut TenantTx,
        query: &ProductQuery,
    ) -> Result<Page<Product, Position>, Error> {
        list::page(tx, query).await
    }

    /// See [`Catalog::export`].
    pub async fn export_in(
        tx: &mut TenantTx,
        after: Option<ProductId>,
        limit: Limit,
    ) -> Result<Page<Product, ProductId>, Error> {
        list::export(tx, after, limit).await
    }

    /// See [`Catalog::find`].
    pub async fn find_in(tx: &mut TenantTx, id: ProductId) -> Result<Product, Error> {
        load::by_id(tx, id).await
    }

    /// See [`Catalog::find_by_slug`].
    pub async fn find_by_slug_in(tx: &mut TenantTx, slug: &Handle) -> Result<Product, Error> {
        load::by_slug(tx, slug)
            .await?
            .ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// See [`Catalog::insert`].
    pub async fn insert_in(tx: &mut TenantTx, draft: &ProductDraft) -> Result<Product, Error> {
        write::insert(tx, draft).await
    }

    /// See [`Catalog::replace`].
    pub async fn replace_in(
        tx: &mut TenantTx,
        id: ProductId,
        draft: &ProductDraft,
    ) -> Result<Product, Error> {
        lock(tx, id).await?;
        let before = load::by_id(tx, id).await?;
        write::replace(tx, &before, draft).await
    }

    /// See [`Catalog::update`].
    pub async fn update_in(
        tx: &mut TenantTx,
        read: &Product,
        draft: &ProductDraft,
    ) -> Result<Product, Error> {
        tx.require_own(read.tenant_id)?;
        lock(tx, read.id).await?;
        let before = load::by_id(tx, read.id).await?;
        if before.updated_at != read.updated_at {
            return Err(ErrorKind::Conflict.into());
        }
        write::replace(tx, &before, draft).await
    }

    /// See [`Catalog::patch`].
    pub async fn patch_in(
        tx: &mut TenantTx,
        id: ProductId,
        patch: &ProductPatch,
    ) -> Result<Product, Error> {
        lock(tx, id).await?;
        let before = load::by_id(tx, id).await?;
        let current = ProductDraft::new(before.to_fields())?;
        write::replace(tx, &before, &patch.apply(&current)?).await
    }

    /// See [`Catalog::delete`].
    pub async fn delete_in(tx: &mut TenantTx, id: ProductId) -> Result<(), Error> {
        lock(tx, id).await?;
        let before = load::by_id(tx, id).await?;
        write::delete(tx, &before).await
    }

    /// See [`Catalog::put_draft`].
    pub async fn put_draft_in(tx: &mut TenantTx, draft: &ProductDraft) -> Result<Put, Error> {
        let Some(found) = load::by_slug(tx, &draft.slug).await? else {
            return write::insert(tx, draft).await.map(Put::Created);
        };
        lock(tx, found.id).await?;
        let before = load::by_id(tx, found.id).await?;
        let whole = given::over(&before, draft)?;
        let after = write::replace(tx, &before, &whole).await?;
        Ok(if after == before {
            Put::Unchanged(after)
        } else {
            Put::Updated(after)
        })
    }

    /// See [`Catalog::categories`].
    pub async fn categories_in(tx: &mut TenantTx) -> Result<Vec<Category>, Error> {
        category::all(tx).await
    }

    /// See [`Catalog::find_category`].
    pub async fn find_category_in(tx: &mut TenantTx, id: CategoryId) -> Result<Category, Error> {
        category::by_id(tx, id).await
    }

    /// See [`Catalog::insert_category`].
    pub async fn insert_category_in(
        tx: &mut TenantTx,
        draft: &CategoryDraft,
    ) -> Result<Category, Error> {
        category::insert(tx, draft).await
    }

    /// See [`Catalog::replace_category`].
    pub async fn replace_category_in(
        tx: &mut TenantTx,
        id: CategoryId,
        draft: &CategoryDraft,
    ) -> Result<Category, Error> {
        category::lock(tx).await?;
        let before = category::by_id(tx, id).await?;
        category::replace(tx, &before, draft).await
    }

    /// See [`Catalog::patch_category`].
    pub async fn patch_category_in(
        tx: &mut TenantTx,
        id: CategoryId,
        patch: &Patch<CategoryDraft>,
    ) -> Result<Category, Error> {
        category::lock(tx).await?;
        let before = category::by_id(tx, id).await?;
        let draft = patch.apply(&before.to_draft())?;
        category::replace(tx, &before, &draft).await
    }

    /// See [`Catalog::delete_category`].
    pub async fn delete_category_in(tx: &mut TenantTx, id: CategoryId) -> Result<(), Error> {
        category::delete(tx, id).await
    }
}

/// What a product's change gets whose category is deleted at that moment.
const CATEGORY_GONE: ErrorKind = ErrorKind::Store(tenancy_core::ErrorKind::ForeignKeyViolation);

/// Keeps others from changing the product until the transaction ends. A statement that changes
/// nothing locks the row on PostgreSQL; SQLite has one writer anyway.
async fn lock(tx: &mut TenantTx, id: ProductId) -> Result<(), Error> {
    const LOCK: &str =
        "UPDATE commerce_products SET updated_at = updated_at WHERE tenant_id = $1 AND id = $2";
    let tenant = tx.tenant_id().as_uuid();
    let locked = on_tx!(tx, |conn| {
        sqlx::query(LOCK)
            .bind(tenant)
            .bind(id.as_uuid())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    if locked == 1 {
        Ok(())
    } else {
        Err(ErrorKind::NotFound.into())
    }
}

impl Catalog for SqlCatalog {
    async fn list(
        &self,
        scope: &TenantScope,
        query: &ProductQuery,
    ) -> Result<Page<Product, Position>, Error> {
        let mut tx = self.database.read(scope).await?;
        let page = Self::list_in(&mut tx, query).await?;
        tx.commit().await?;
        Ok(page)
    }

    async fn export(
        &self,
        scope: &TenantScope,
        after: Option<ProductId>,
        limit: Limit,
    ) -> Result<Page<Product, ProductId>, Error> {
        let mut tx = self.database.read(scope).await?;
        let page = Self::export_in(&mut tx, after, limit).await?;
        tx.commit().await?;
        Ok(page)
    }

    async fn find(&self, scope: &TenantScope, id: ProductId) -> Result<Product, Error> {
        let mut tx = self.database.read(scope).await?;
        let product = Self::find_in(&mut tx, id).await?;
        tx.commit().await?;
        Ok(product)
    }

    async fn find_by_slug(&self, scope: &TenantScope, slug: &Handle) -> Result<Product, Error> {
        let mut tx = self.database.read(scope).await?;
        let product = Self::find_by_slug_in(&mut tx, slug).await?;
        tx.commit().await?;
        Ok(product)
    }

    async fn insert(&self, scope: &TenantScope, draft: &ProductDraft) -> Result<Product, Error> {
        let mut tx = self.database.write(scope).await?;
        let product = Self::insert_in(&mut tx, draft).await?;
        tx.commit().await?;
        Ok(product)
    }

    async fn replace(
        &self,
        scope: &TenantScope,
        id: ProductId,
        draft: &ProductDraft,
    ) -> Result<Product, Error> {
        let mut tx = self.database.write(scope).await?;
        let product = Self::replace_in(&mut tx, id, draft).await?;
        tx.commit().await?;
        Ok(product)
    }

    async fn update(
        &self,
        scope: &TenantScope,
        read: &Product,
        draft: &ProductDraft,
    ) -> Result<Product, Error> {
        let mut tx = self.database.write(scope).await?;
        let product = Self::update_in(&mut tx, read, draft).await?;
        tx.commit().await?;
        Ok(product)
    }

    async fn patch(
        &self,
        scope: &TenantScope,
        id: ProductId,
        patch: &ProductPatch,
    ) -> Result<Product, Error> {
        let mut tx = self.database.write(scope).await?;
        let product = Self::patch_in(&mut tx, id, patch).await?;
        tx.commit().await?;
        Ok(product)
    }

    async fn delete(&self, scope: &TenantScope, id: ProductId) -> Result<(), Error> {
        let mut tx = self.database.write(scope).await?;
        Self::delete_in(&mut tx, id).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn put_draft(&self, scope: &TenantScope, draft: &ProductDraft) -> Result<Put, Error> {
        let mut tx = self.database.write(scope).await?;
        let mut put = Self::put_draft_in(&mut tx, draft).await;
        if let Err(error) = &put
            && [ErrorKind::SlugTaken, CATEGORY_GONE].contains(error.kind())
        {
            // Another import has just added it, so by now it is there to be updated; or a category
            // has just been deleted, and is made again.
            tx.roll_back().await?;
            tx = self.database.write(scope).await?;
            put = Self::put_draft_in(&mut tx, draft).await;
        }
        let put = put?;
        tx.commit().await?;
        Ok(put)
    }

    async fn categories(&self, scope: &TenantScope) -> Result<Vec<Category>, Error> {
        let mut tx = self.database.read(scope).await?;
        let categories = Self::categories_in(&mut tx).await?;
        tx.commit().await?;
        Ok(categories)
    }

    async fn find_category(&self, scope: &TenantScope, id: CategoryId) -> Result<Category, Error> {
        let mut tx = self.database.read(scope).await?;
        let category = Self::find_category_in(&mut tx, id).await?;
        tx.commit().await?;
        Ok(category)
    }

    async fn insert_category(
        &self,
        scope: &TenantScope,
        draft: &CategoryDraft,
    ) -> Result<Category, Error> {
        let mut tx = self.database.write(scope).await?;
        let category = Self::insert_category_in(&mut tx, draft).await?;
        tx.commit().await?;
        Ok(category)
    }

    async fn replace_category(
        &self,
        scope: &TenantScope,
        id: CategoryId,
        draft: &CategoryDraft,
    ) -> Result<Category, Error> {
        let mut tx = self.database.write(scope).await?;
        let category = Self::replace_category_in(&mut tx, id, draft).await?;
        tx.commit().await?;
        Ok(category)
    }

    async fn patch_category(
        &self,
        scope: &TenantScope,
        id: CategoryId,
        patch: &Patch<CategoryDraft>,
    ) -> Result<Category, Error> {
        let mut tx = self.database.write(scope).await?;
        let category = Self::patch_category_in(&mut tx, id, patch).await?;
        tx.commit().await?;
        Ok(category)
    }

    async fn delete_category(&self, scope: &TenantScope, id: CategoryId) -> Result<(), Error> {
        let mut tx = self.database.write(scope).await?;
        Self::delete_category_in(&mut tx, id).await?;
        tx.commit().await?;
        Ok(())
    }
}
