use tenancy_commerce::Limit;
use tenancy_commerce::catalog::{
    Catalog as _, Handle, ProductDraft, ProductFields, ProductQuery, ProductStatus, SqlCatalog,
    VariantDraft, VariantId,
};
use tenancy_commerce::money::{Currency, Money};
use tenancy_core::registry::{Address, Directory as _};
use tenancy_core::tenant::Status;
use tenancy_core::{Slug, Tenant, TenantScope};
use uuid::Uuid;

use crate::demo::{self, DemoShop};
use crate::failure::Failure;
use crate::keys::KeyName;
use crate::onboard::NewTenant;
use crate::platform::Platform;

/// What the slugs of products begin with that a load test makes.
pub(crate) const MADE: &str = "load-test-";

/// More pieces than a load test can order.
const STOCK: i64 = 1_000_000_000_000;

/// A shop in which nobody buys, with a key that is valid as long as the load test.
#[derive(Debug)]
pub(crate) struct BenchShop {
    pub(crate) slug: Slug,
    pub(crate) scope: TenantScope,
    pub(crate) api_key: String,
    key_id: Uuid,
    /// What can be ordered without end.
    pub(crate) variant: VariantId,
    pub(crate) currency: Currency,
}

/// The shops of a load test, open.
#[derive(Debug)]
pub(crate) struct BenchShops(pub(crate) Vec<BenchShop>);

impl BenchShops {
    /// Opens as many, and makes those that are missing. They have what the demonstration shops have.
    pub(crate) async fn open(platform: &Platform, count: usize) -> Result<Self, Failure> {
        let demos = demo::shops();
        let mut shops = vec![];
        for index in 0..count {
            let demo = &demos[index % demos.len()];
            shops.push(BenchShop::open(platform, index + 1, demo).await?);
        }
        Ok(Self(shops))
    }

    /// Deletes the products that were made, ends the keys and closes the shops again. Tells how many
    /// products there were.
    pub(crate) async fn close(&self, platform: &Platform) -> Result<usize, Failure> {
        let mut deleted = 0;
        for shop in &self.0 {
            platform
                .revoke_key(shop.scope.tenant().id, shop.key_id)
                .await?;
            deleted += shop.delete_products(platform).await?;
            set_status(platform, &shop.slug, Status::Suspended).await?;
        }
        Ok(deleted)
    }
}

impl BenchShop {
    async fn open(platform: &Platform, number: usize, demo: &DemoShop) -> Result<Self, Failure> {
        let slug: Slug = format!("load-test-{number}").parse()?;
        let found = platform
            .registry()
            .find(&Address::Slug(slug.clone()))
            .await?;
        match found {
            Some(tenant) if tenant.status != Status::Provisioning => {
                set_status(platform, &slug, Status::Active).await?;
            }
            Some(_) | None => make(platform, &slug, number, demo).await?,
        }
        let tenant = platform.tenant(&slug).await?;
        let scope = platform.scope().tenant(tenant.id).await?;
        // Those of a load test that was cut off, and the one that every new shop has.
        for old in platform.keys(tenant.id).await? {
            if old.revoked_at.is_none() {
                platform.revoke_key(tenant.id, old.id).await?;
            }
        }
        let name: KeyName = "load test".parse()?;
        let issued = platform.issue_key(tenant.id, &name).await?;
        let currency = demo.currency.parse()?;
        let shop = Self {
            variant: endless(platform, &scope, currency).await?,
            api_key: issued.key.expose().to_owned(),
            key_id: issued.record.id,
            slug,
            scope,
            currency,
        };
        shop.delete_products(platform).await?;
        Ok(shop)
    }

    /// Deletes what a load test has made, which are the newest.
    async fn delete_products(&self, platform: &Platform) -> Result<usize, Failure> {
        let catalog = SqlCatalog::new(platform.database());
        let newest = ProductQuery {
            limit: Limit::MAX,
            ..ProductQuery::default()
        };
        let mut deleted = 0;
        loop {
            let page = catalog.list(&self.scope, &newest).await?;
            let made = page.items.iter();
            let made = made.filter(|product| product.slug.as_str().starts_with(MADE));
            let before = deleted;
            for product in made {
                catalog.delete(&self.scope, product.id).await?;
                deleted += 1;
            }
            if deleted == before {
                return Ok(deleted);
            }
        }
    }
}

async fn make(
    platform: &Platform,
    slug: &Slug,
    number: usize,
    demo: &DemoShop,
) -> Result<(), Failure> {
    let new = NewTenant {
        slug: slug.clone(),
        name: Some(format!("Load test {number}")),
        ..demo.as_tenant()?
    };
    let fill = async |tenant: &Tenant| {
        let scope = platform.scope().tenant(tenant.id).await?;
        platform.fill(&scope, demo).await
    };
    // The key that it shows is revoked at once.
    platform.onboard(&new, fill, |_| Ok(())).await?;
    Ok(())
}

async fn set_status(platform: &Platform, slug: &Slug, status: Status) -> Result<(), Failure> {
    let changed = platform.change_tenant(slug, |tenant| {
        tenant.status = status;
        Ok(())
    });
    changed.await.map(drop)
}

/// What can be ordered without end, made where it is missing.
async fn endless(
    platform: &Platform,
    scope: &TenantScope,
    currency: Currency,
) -> Result<VariantId, Failure> {
    let slug: Handle = "endless".parse()?;
    let draft = ProductDraft::new(ProductFields {
        status: ProductStatus::Published,
        variants: vec![VariantDraft {
            sku: Some("endless".to_owned()),
            stock: Some(STOCK),
            ..VariantDraft::new(Money::new(100, currency))
        }],
        ..ProductFields::with_slug(slug, "Endless")
    })?;
    let put = platform.catalog().put_draft(scope, &draft).await?;
    let variant = put.product().variants.first();
    let variant = variant.ok_or_else(|| Failure::new("a product has no variant"))?;
    Ok(variant.id)
}
