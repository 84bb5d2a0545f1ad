use tenancy_commerce::Limit;
use tenancy_commerce::catalog::{
    Catalog as _, Handle, ProductDraft, ProductFields, ProductQuery, ProductStatus, SqlCatalog,
    VariantDraft, VariantId,
};
use tenancy_commerce::money::{Currency, Money};
use tenancy_core::registry::{Address, Directory as _};
use tenancy_core::tenant::Status;
use tenancy_core::{Slug, Tenant, TenantScope};

use super::Steps;
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
    /// What can be ordered without end.
    pub(crate) variant: VariantId,
    pub(crate) currency: Currency,
}

/// The shops of a load test.
#[derive(Debug, Default)]
pub(crate) struct BenchShops {
    /// Those that are open.
    pub(crate) open: Vec<BenchShop>,
    /// The one that is being opened.
    opening: Option<Slug>,
}

impl BenchShops {
    /// Opens as many, and makes those that are missing. They have what the demonstration shops have.
    ///
    /// Those that it has opened when it fails or is given up are for [`close`](Self::close).
    pub(crate) async fn open(
        &mut self,
        platform: &Platform,
        count: usize,
        steps: &Steps,
    ) -> Result<(), Failure> {
        let demos = demo::shops();
        for number in 1..=count {
            steps.show(&format!("opening shop {number} of {count}"));
            let demo = &demos[(number - 1) % demos.len()];
            let slug: Slug = Self::slug(number).parse()?;
            let found = find(platform, &slug, number).await?;
            self.opening = Some(slug.clone());
            let shop = BenchShop::open(platform, slug, found, number, demo).await?;
            self.open.push(shop);
            self.opening = None;
        }
        Ok(())
    }

    /// What the address of each begins with.
    pub(crate) fn slug(number: usize) -> String {
        format!("load-test-{number}")
    }

    /// Deletes the products that were made, ends the keys and closes the shops again.
    pub(crate) async fn close(&self, platform: &Platform, steps: &Steps) -> Result<(), Failure> {
        let mut closed = Ok(());
        for shop in &self.open {
            steps.show(&format!("deleting what was made in {}", shop.slug));
            let deleted = shop.delete_products(platform).await;
            // One that cannot be closed keeps no other open.
            closed = closed.and(deleted).and(close(platform, &shop.slug).await);
        }
        match &self.opening {
            Some(slug) => closed.and(close(platform, slug).await),
            None => closed,
        }
    }
}

impl BenchShop {
    async fn open(
        platform: &Platform,
        slug: Slug,
        found: Option<Tenant>,
        number: usize,
        demo: &DemoShop,
    ) -> Result<Self, Failure> {
        match found {
            Some(tenant) if tenant.status != Status::Provisioning => {
                set_status(platform, &slug, Status::Active).await?;
            }
            Some(_) | None => make(platform, &slug, number, demo).await?,
        }
        let tenant = platform.tenant(&slug).await?;
        let scope = platform.scope().tenant(tenant.id).await?;
        // Those of a load test that was cut off, and the one that every new shop has.
        revoke_keys(platform, &tenant).await?;
        let name: KeyName = "load test".parse()?;
        let issued = platform.issue_key(tenant.id, &name).await?;
        let currency = demo.currency.parse()?;
        let shop = Self {
            variant: endless(platform, &scope, currency).await?,
            api_key: issued.key.expose().to_owned(),
            slug,
            scope,
            currency,
        };
        shop.delete_products(platform).await?;
        Ok(shop)
    }

    /// Deletes what a load test has made, which are the newest.
    async fn delete_products(&self, platform: &Platform) -> Result<(), Failure> {
        let catalog = SqlCatalog::new(platform.database());
        let newest = ProductQuery {
            limit: Limit::MAX,
            ..ProductQuery::default()
        };
        loop {
            let page = catalog.list(&self.scope, &newest).await?;
            let made = page.items.iter();
            let made = made.filter(|product| product.slug.as_str().starts_with(MADE));
            let mut deleted = false;
            for product in made {
                catalog.delete(&self.scope, product.id).await?;
                deleted = true;
            }
            if !deleted {
                return Ok(());
            }
        }
    }
}

/// What each is called, by which a load test knows those that it made.
fn name(number: usize) -> String {
    format!("Load test {number}")
}

/// The shop of that address, unless somebody else made it.
async fn find(platform: &Platform, slug: &Slug, number: usize) -> Result<Option<Tenant>, Failure> {
    let address = Address::Slug(slug.clone());
    match platform.registry().find(&address).await? {
        Some(other) if *other.name != *name(number) => Err(Failure::new(format!(
            "{slug} is no shop of a load test: it is called \"{}\", so nothing is done to it",
            other.name
        ))),
        found => Ok(found),
    }
}

/// Ends a shop's keys and suspends it, where it was ever open.
async fn close(platform: &Platform, slug: &Slug) -> Result<(), Failure> {
    let address = Address::Slug(slug.clone());
    match platform.registry().find(&address).await? {
        Some(tenant) if tenant.status == Status::Active => {
            let revoked = revoke_keys(platform, &tenant).await;
            revoked.and(set_status(platform, slug, Status::Suspended).await)
        }
        _ => Ok(()),
    }
}

async fn revoke_keys(platform: &Platform, tenant: &Tenant) -> Result<(), Failure> {
    for key in platform.keys(tenant.id).await? {
        if key.revoked_at.is_none() {
            platform.revoke_key(tenant.id, key.id).await?;
        }
    }
    Ok(())
}

async fn make(
    platform: &Platform,
    slug: &Slug,
    number: usize,
    demo: &DemoShop,
) -> Result<(), Failure> {
    let new = NewTenant {
        slug: slug.clone(),
        name: Some(name(number)),
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
