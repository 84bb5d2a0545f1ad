//! Categories. Whoever changes the tree holds its counter until the transaction ends, so that
//! two moves that are harmless alone cannot make a circle together.

use std::collections::{HashMap, HashSet};

use tenancy_core::TenantId;
use tenancy_core::journal::Change;
use tenancy_core::on_tx;
use tenancy_core::sql::TenantTx;
use tenancy_core::sql::filter::Query;
use uuid::Uuid;

use super::{load, lock as lock_product, write};
use crate::catalog::limits::CATEGORY_DEPTH_MAX;
use crate::catalog::{
    Category, CategoryDraft, CategoryId, CategoryPath, Handle, ProductCategory, ProductId,
};
use crate::error::{Error, ErrorKind};
use crate::sql::{corrupt, next_number, push_ids, unique};

/// How often a deletion begins again because products join the category meanwhile.
const ROUNDS_MAX: u32 = 100;

const SELECT: &str = "SELECT id, parent_id, slug, name, position FROM commerce_categories";

#[derive(sqlx::FromRow)]
struct CategoryRow {
    id: Uuid,
    parent_id: Option<Uuid>,
    slug: String,
    name: String,
    position: i64,
}

impl CategoryRow {
    fn category(self, tenant_id: TenantId) -> Result<Category, Error> {
        Ok(Category {
            tenant_id,
            id: self.id.into(),
            parent_id: self.parent_id.map(CategoryId::from),
            slug: self.slug.parse().map_err(corrupt)?,
            name: self.name,
            position: self.position,
        })
    }
}

pub(super) async fn lock(tx: &mut TenantTx) -> Result<(), Error> {
    next_number(tx, "categories").await?;
    Ok(())
}

pub(super) async fn all(tx: &mut TenantTx) -> Result<Vec<Category>, Error> {
    let tenant = tx.tenant_id();
    let mut query = Query::new(SELECT, []);
    query.push(" WHERE tenant_id = ?", [tenant.as_uuid().into()]);
    let rows: Vec<CategoryRow> = on_tx!(tx, |conn| query.query_as()?.fetch_all(conn).await)?;
    let mut categories = rows
        .into_iter()
        .map(|row| row.category(tenant))
        .collect::<Result<Vec<_>, _>>()?;
    // Sorted here, because the databases order text differently.
    categories.sort_by(|a, b| {
        let key = |one: &Category| (one.parent_id.is_some(), one.position);
        (key(a), &a.name, a.id).cmp(&(key(b), &b.name, b.id))
    });
    Ok(categories)
}

pub(super) async fn by_id(tx: &mut TenantTx, id: CategoryId) -> Result<Category, Error> {
    let tenant = tx.tenant_id();
    let mut query = Query::new(SELECT, []);
    query.push(
        " WHERE tenant_id = ? AND id = ?",
        [tenant.as_uuid().into(), id.as_uuid().into()],
    );
    let row: Option<CategoryRow> = on_tx!(tx, |conn| query.query_as()?.fetch_optional(conn).await)?;
    row.ok_or(ErrorKind::NotFound)?.category(tenant)
}

pub(super) async fn insert(tx: &mut TenantTx, draft: &CategoryDraft) -> Result<Category, Error> {
    lock(tx).await?;
    let category = Category {
        tenant_id: tx.tenant_id(),
        id: CategoryId::generate(),
        parent_id: draft.parent_id,
        slug: draft.check()?,
        name: draft.name.clone(),
        position: draft.position,
    };
    let mut tree = all(tx).await?;
    tree.push(category.clone());
    check_place(&tree, &category)?;
    insert_row(tx, &category).await?;
    Ok(category)
}

pub(super) async fn replace(
    tx: &mut TenantTx,
    before: &Category,
    draft: &CategoryDraft,
) -> Result<Category, Error> {
    const UPDATE: &str = "UPDATE commerce_categories SET parent_id = $3, slug = $4, name = $5, \
         position = $6 WHERE tenant_id = $1 AND id = $2";
    let after = Category {
        parent_id: draft.parent_id,
        slug: draft.check()?,
        name: draft.name.clone(),
        position: draft.position,
        ..before.clone()
    };
    if after == *before {
        return Ok(after);
    }
    let mut tree = all(tx).await?;
    for category in &mut tree {
        if category.id == after.id {
            category.clone_from(&after);
        }
    }
    check_place(&tree, &after)?;
    write_row(tx, UPDATE, &after).await?;
    tx.record(Change::updated(before, &after));
    Ok(after)
}

/// Deletes a category after taking its products out of it.
///
/// Locks are taken in the order in which a change of a product takes them, the product's and then
/// the tree's. A product that joins in between is seen under the tree's lock, which is given back
/// before that product is locked as well.
pub(super) async fn delete(tx: &mut TenantTx, id: CategoryId) -> Result<(), Error> {
    // Deletions lock many products, so one at a time.
    next_number(tx, "category_deletions").await?;
    childless(&all(tx).await?, id)?;
    let mut rounds = 0;
    loop {
        rounds += 1;
        empty(tx, id).await?;
        match tx.part(async |tx| delete_empty(tx, id).await).await {
            Err(error) if *error.kind() == ErrorKind::Conflict && rounds < ROUNDS_MAX => {}
            outcome => return outcome,
        }
    }
}

/// Fails with [`Conflict`](ErrorKind::Conflict) where a product is in the category.
async fn delete_empty(tx: &mut TenantTx, id: CategoryId) -> Result<(), Error> {
    const DELETE: &str = "DELETE FROM commerce_categories WHERE tenant_id = $1 AND id = $2";
    lock(tx).await?;
    let tree = all(tx).await?;
    let before = childless(&tree, id)?;
    if !some_products(tx, id).await?.is_empty() {
        return Err(ErrorKind::Conflict.into());
    }
    let tenant = tx.tenant_id().as_uuid();
    on_tx!(tx, |conn| {
        sqlx::query(DELETE)
            .bind(tenant)
            .bind(id.as_uuid())
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })?;
    tx.record(Change::deleted(before));
    Ok(())
}

fn childless(tree: &[Category], id: CategoryId) -> Result<&Category, Error> {
    let found = tree.iter().find(|category| category.id == id);
    if tree.iter().any(|category| category.parent_id == Some(id)) {
        return Err(ErrorKind::HasChildren.into());
    }
    found.ok_or_else(|| ErrorKind::NotFound.into())
}

/// Takes every product out of the category, a few at a time; each change is journaled.
async fn empty(tx: &mut TenantTx, category: CategoryId) -> Result<(), Error> {
    loop {
        let products = some_products(tx, category).await?;
        if products.is_empty() {
            return Ok(());
        }
        for id in products {
            match lock_product(tx, id).await {
                // Deleted a moment ago.
                Err(error) if *error.kind() == ErrorKind::NotFound => continue,
                outcome => outcome?,
            }
            let before = load::by_id(tx, id).await?;
            if before.categories.iter().any(|one| one.id == category) {
                write::leave(tx, &before, category).await?;
            }
        }
    }
}

async fn some_products(tx: &mut TenantTx, category: CategoryId) -> Result<Vec<ProductId>, Error> {
    const SOME: &str = "SELECT product_id FROM commerce_product_categories \
         WHERE tenant_id = $1 AND category_id = $2 ORDER BY product_id LIMIT 100";
    let tenant = tx.tenant_id().as_uuid();
    let ids: Vec<Uuid> = on_tx!(tx, |conn| {
        sqlx::query_scalar(SOME)
            .bind(tenant)
            .bind(category.as_uuid())
            .fetch_all(conn)
            .await
    })?;
    Ok(ids.into_iter().map(ProductId::from).collect())
}

/// The categories that the paths name; those that are missing are made.
pub(super) async fn resolve(
    tx: &mut TenantTx,
    paths: &[CategoryPath],
) -> Result<Vec<ProductCategory>, Error> {
    if paths.is_empty() {
        return Ok(Vec::new());
    }
    let mut tree = all(tx).await?;
    if paths.iter().any(|path| find(&tree, &path.0).is_none()) {
        lock(tx).await?;
        tree = all(tx).await?;
        for path in paths {
            grow(tx, &mut tree, &path.0).await?;
        }
    }
    let mut found: Vec<ProductCategory> = Vec::with_capacity(paths.len());
    for path in paths {
        let category = find(&tree, &path.0).ok_or(ErrorKind::NotFound)?;
        if found.iter().all(|other| other.id != category.id) {
            found.push(ProductCategory {
                id: category.id,
                slug: category.slug.clone(),
                path: path.clone(),
            });
        }
    }
    Ok(found)
}

/// The categories of each product, with all that stand above them.
pub(super) async fn of_products(
    tx: &mut TenantTx,
    products: &[Uuid],
) -> Result<HashMap<Uuid, Vec<ProductCategory>>, Error> {
    let tenant = tx.tenant_id();
    let mut query = Query::new(
        "SELECT product_id, category_id FROM commerce_product_categories WHERE tenant_id = ?",
        [tenant.as_uuid().into()],
    );
    push_ids(&mut query, " AND product_id IN", products.iter().copied());
    query.push(" ORDER BY product_id, position", []);
    let places: Vec<(Uuid, Uuid)> = on_tx!(tx, |conn| query.query_as()?.fetch_all(conn).await)?;
    if places.is_empty() {
        return Ok(HashMap::new());
    }
    let named: HashSet<_> = places.iter().map(|(_, category)| *category).collect();
    let mut query = Query::new(
        "WITH RECURSIVE above (id, parent_id, slug, name, position) AS (\
         SELECT id, parent_id, slug, name, position FROM commerce_categories WHERE tenant_id = ?",
        [tenant.as_uuid().into()],
    );
    push_ids(&mut query, " AND id IN", named);
    query.push(
        " UNION SELECT one.id, one.parent_id, one.slug, one.name, one.position \
         FROM commerce_categories AS one JOIN above ON one.id = above.parent_id \
         WHERE one.tenant_id = ?) SELECT id, parent_id, slug, name, position FROM above",
        [tenant.as_uuid().into()],
    );
    let rows: Vec<CategoryRow> = on_tx!(tx, |conn| query.query_as()?.fetch_all(conn).await)?;
    let mut above = HashMap::with_capacity(rows.len());
    for row in rows {
        let category = row.category(tenant)?;
        above.insert(category.id, category);
    }
    let mut by_product = HashMap::<_, Vec<_>>::new();
    for (product, id) in places {
        if let Some(category) = above.get(&id.into()) {
            by_product
                .entry(product)
                .or_default()
                .push(ProductCategory {
                    id: category.id,
                    slug: category.slug.clone(),
                    path: path(&above, category),
                });
        }
    }
    Ok(by_product)
}

fn path(above: &HashMap<CategoryId, Category>, category: &Category) -> CategoryPath {
    let mut names = vec![category.name.clone()];
    let mut next = category.parent_id;
    while let Some(parent) = next.and_then(|id| above.get(&id))
        && names.len() < CATEGORY_DEPTH_MAX
    {
        names.push(parent.name.clone());
        next = parent.parent_id;
    }
    names.reverse();
    CategoryPath(names)
}

fn find<'a>(tree: &'a [Category], names: &[String]) -> Option<&'a Category> {
    let mut found: Option<&Category> = None;
    for name in names {
        let parent = found.map(|category| category.id);
        found = Some(
            tree.iter()
                .find(|one| one.parent_id == parent && one.name == *name)?,
        );
    }
    found
}

/// Adds what is missing of a path.
async fn grow(tx: &mut TenantTx, tree: &mut Vec<Category>, names: &[String]) -> Result<(), Error> {
    for depth in 1..=names.len() {
        let names = &names[..depth];
        if find(tree, names).is_some() {
            continue;
        }
        let parent = find(tree, &names[..depth - 1]).map(|category| category.id);
        let category = Category {
            tenant_id: tx.tenant_id(),
            id: CategoryId::generate(),
            parent_id: parent,
            slug: free_slug(tree, names)?,
            name: names[depth - 1].clone(),
            position: 0,
        };
        insert_row(tx, &category).await?;
        tree.push(category);
    }
    Ok(())
}

/// The category's own name, with those above it where that is taken, and a number at last.
fn free_slug(tree: &[Category], names: &[String]) -> Result<Handle, Error> {
    let taken: HashSet<&Handle> = tree.iter().map(|category| &category.slug).collect();
    let name = names.last().map(String::as_str).unwrap_or_default();
    let short = match Handle::from_name(name) {
        Some(slug) => slug,
        None => "category".parse().map_err(corrupt)?,
    };
    let long = Handle::from_name(&names.join(" "));
    let numbered = (2..).map(|number| short.numbered(number));
    Ok([short.clone()]
        .into_iter()
        .chain(long)
        .chain(numbered)
        .find(|slug| !taken.contains(slug))
        .expect("there are more numbers than categories"))
}

/// Refuses a parent that is not there, a circle and a tree that is too deep.
fn check_place(tree: &[Category], changed: &Category) -> Result<(), Error> {
    let parents: HashMap<_, _> = tree.iter().map(|one| (one.id, one.parent_id)).collect();
    let mut next = changed.parent_id;
    let mut steps = 0;
    while let Some(id) = next {
        if id == changed.id {
            return Err(Error::invalid(
                "parent_id",
                "is the category itself or below it",
            ));
        }
        steps += 1;
        next = match parents.get(&id) {
            None => return Err(Error::invalid("parent_id", "is not a category")),
            Some(_) if steps >= CATEGORY_DEPTH_MAX => return Err(too_deep()),
            Some(parent) => *parent,
        };
    }
    for category in tree {
        let above =
            std::iter::successors(category.parent_id, |id| parents.get(id).copied().flatten());
        if above.take(CATEGORY_DEPTH_MAX).count() >= CATEGORY_DEPTH_MAX {
            return Err(too_deep());
        }
    }
    Ok(())
}

fn too_deep() -> Error {
    Error::invalid(
        "parent_id",
        format_args!("makes the tree deeper than {CATEGORY_DEPTH_MAX}"),
    )
}

async fn insert_row(tx: &mut TenantTx, category: &Category) -> Result<(), Error> {
    const INSERT: &str = "INSERT INTO commerce_categories \
         (tenant_id, id, parent_id, slug, name, position) VALUES ($1, $2, $3, $4, $5, $6)";
    write_row(tx, INSERT, category).await?;
    tx.record(Change::created(category));
    Ok(())
}

async fn write_row(
    tx: &mut TenantTx,
    statement: &'static str,
    category: &Category,
) -> Result<(), Error> {
    on_tx!(tx, |conn| {
        sqlx::query(statement)
            .bind(category.tenant_id.as_uuid())
            .bind(category.id.as_uuid())
            .bind(category.parent_id.map(CategoryId::as_uuid))
            .bind(category.slug.as_str())
            .bind(&category.name)
            .bind(category.position)
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
    })
    .map_err(unique(ErrorKind::SlugTaken))?;
    Ok(())
}
