use std::collections::HashMap;

use tenancy_commerce::catalog::{
    Catalog as _, CategoryDraft, CategoryPath, Handle, OptionDraft, ProductDraft, ProductFields,
    ProductStatus, VariantDraft, VariantId,
};
use tenancy_commerce::customer::{CustomerDraft, Customers as _};
use tenancy_commerce::money::{Currency, Money};
use tenancy_commerce::order::{NewOrder, Orders as _};
use tenancy_core::html::SanitizedHtml;
use tenancy_core::tenant::Plan;
use tenancy_core::{Tenant, TenantScope};

use super::{DemoProduct, DemoShop, shops};
use crate::failure::Failure;
use crate::onboard::{NewTenant, Onboarded};
use crate::platform::Platform;
use crate::shop::ShopSettings;

impl Platform {
    /// Sets the demonstration shops up where there is no tenant yet, or where an earlier start
    /// was cut off while doing so.
    pub(crate) async fn demonstrate(&self) -> Result<Vec<Onboarded>, Failure> {
        let begun = |tenant: &Tenant| tenant.status == tenancy_core::tenant::Status::Provisioning;
        if !self.tenant_page(None).await?.iter().all(begun) {
            return Ok(vec![]);
        }
        let mut opened = vec![];
        for shop in shops() {
            let new = shop.as_tenant()?;
            let fill = async |tenant: &Tenant| {
                let scope = self.scope().tenant(tenant.id).await?;
                self.fill(&scope, &shop).await
            };
            opened.push(self.onboard(&new, fill).await?);
        }
        Ok(opened)
    }

    async fn fill(&self, scope: &TenantScope, shop: &DemoShop) -> Result<(), Failure> {
        let mut categories = HashMap::new();
        for category in self.catalog().categories(scope).await? {
            categories.insert(category.slug.to_string(), category.id);
        }
        for (position, category) in (0..).zip(&shop.categories) {
            if categories.contains_key(&category.slug) {
                continue;
            }
            let draft = CategoryDraft {
                slug: Some(category.slug.parse()?),
                parent_id: category.parent.as_ref().map(|parent| categories[parent]),
                position,
                ..CategoryDraft::new(&category.name)
            };
            let made = self.catalog().insert_category(scope, &draft).await?;
            categories.insert(category.slug.clone(), made.id);
        }
        let mut variants = HashMap::new();
        for product in &shop.products {
            let put = self
                .catalog()
                .put_draft(scope, &shop.draft(product)?)
                .await?;
            for variant in &put.product().variants {
                variants.extend(variant.sku.clone().map(|sku| (sku, variant.id)));
            }
        }
        self.fill_orders(scope, shop, &variants).await
    }

    async fn fill_orders(
        &self,
        scope: &TenantScope,
        shop: &DemoShop,
        variants: &HashMap<String, VariantId>,
    ) -> Result<(), Failure> {
        let known = self.customers().list(scope, &Default::default()).await?;
        if !known.items.is_empty() {
            // Customers come last but one: an earlier start came this far.
            return Ok(());
        }
        let mut customers = vec![];
        for customer in &shop.customers {
            let draft = CustomerDraft {
                name: customer.name.clone(),
                ..CustomerDraft::new(&customer.email)
            };
            customers.push(self.customers().insert(scope, &draft).await?.id);
        }
        for order in &shop.orders {
            let lines = order.lines.iter();
            let new = NewOrder {
                customer_id: Some(customers[order.customer]),
                ..NewOrder::new(lines.map(|(sku, pieces)| (variants[sku], i64::from(*pieces))))
            };
            self.orders().place(scope, &new).await?;
        }
        Ok(())
    }
}

impl DemoShop {
    fn as_tenant(&self) -> Result<NewTenant, Failure> {
        Ok(NewTenant {
            slug: self.slug.parse()?,
            name: Some(self.name.clone()),
            plan: Plan::default(),
            settings: ShopSettings {
                currency: Some(self.currency.parse()?),
                locale: Some(self.locale.parse()?),
                time_zone: Some(self.time_zone.parse()?),
                tagline: Some(self.tagline.clone()),
            },
        })
    }

    fn draft(&self, product: &DemoProduct) -> Result<ProductDraft, Failure> {
        let currency: Currency = self.currency.parse()?;
        let slug: Handle = product.slug.parse()?;
        let variants = product.variants.iter().map(|variant| VariantDraft {
            sku: Some(variant.sku.clone()),
            option_values: variant.values.clone(),
            compare_at_price: variant.compare_at.map(|price| Money::new(price, currency)),
            stock: Some(i64::from(variant.stock)),
            ..VariantDraft::new(Money::new(variant.price, currency))
        });
        let options = product.options.iter().map(|name| OptionDraft {
            name: name.clone(),
            values: vec![],
        });
        let Ok(description) = askama::filters::escape(&product.description, askama::filters::Html);
        Ok(ProductDraft::new(ProductFields {
            status: match product.draft {
                true => ProductStatus::Draft,
                false => ProductStatus::Published,
            },
            featured: product.featured,
            description: SanitizedHtml::sanitize(&format!("<p>{description}</p>")),
            categories: vec![self.path(&product.category)],
            options: options.collect(),
            variants: variants.collect(),
            ..ProductFields::with_slug(slug, &product.name)
        })?)
    }

    /// The names of a category and of those above it, the root first.
    fn path(&self, slug: &str) -> CategoryPath {
        let mut names = vec![];
        let mut next = Some(slug);
        while let Some(slug) = next {
            let category = self
                .categories
                .iter()
                .find(|category| category.slug == slug);
            names.extend(category.map(|category| category.name.clone()));
            next = category.and_then(|category| category.parent.as_deref());
        }
        names.reverse();
        CategoryPath(names)
    }
}
