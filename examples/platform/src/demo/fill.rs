use std::collections::HashMap;

use tenancy_commerce::catalog::{
    Catalog as _, CategoryDraft, CategoryPath, Handle, OptionDraft, ProductDraft, ProductFields,
    ProductStatus, VariantDraft, VariantId,
};
use tenancy_commerce::customer::{CustomerDraft, CustomerId, CustomerQuery, Customers as _};
use tenancy_commerce::money::{Currency, Money};
use tenancy_commerce::order::{NewOrder, OrderQuery, Orders as _};
use tenancy_commerce::{ErrorKind, Limit};
use tenancy_core::html::SanitizedHtml;
use tenancy_core::registry::{Address, Directory as _};
use tenancy_core::tenant::{Plan, Status};
use tenancy_core::{Tenant, TenantScope};
use tenancy_security::credential::Password;

use super::{DemoProduct, DemoShop, shops};
use crate::failure::Failure;
use crate::onboard::{NewTenant, Onboarded};
use crate::platform::Platform;
use crate::shop::{ShopSettings, Tagline};
use crate::users::{Door, Email};

impl Platform {
    /// Sets the demonstration shops up where there is no tenant yet, and goes on where an earlier
    /// start was cut off. `show` gets each shop before it opens, and who works there.
    ///
    /// All are claimed before the first is filled. So once a shop has left that state, a missing
    /// one was never meant to be, and what has been opened is its operator's.
    pub(crate) async fn demonstrate(
        &self,
        show: impl Fn(&DemoShop, &Onboarded, &Password) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let shops = shops();
        let tenants = self.tenant_page(None).await?;
        let ours = |tenant: &Tenant| shops.iter().any(|shop| shop.is_begun_as(tenant));
        let claiming = tenants.iter().all(ours);
        let mut begun = vec![];
        for shop in &shops {
            let address = Address::Slug(shop.slug.parse()?);
            let found = self.registry().find(&address).await?;
            match found {
                None if claiming => drop(self.claim(&shop.as_tenant()?).await?),
                Some(tenant) if shop.is_begun_as(&tenant) => {}
                None | Some(_) => continue,
            }
            begun.push(shop);
        }
        for shop in begun {
            let password = Password::generate();
            let fill = async |tenant: &Tenant| {
                let scope = self.scope().tenant(tenant.id).await?;
                self.fill(&scope, shop).await?;
                self.let_owner_in(&Door::Shop(scope), shop, &password).await
            };
            let show = |onboarded: &Onboarded| show(shop, onboarded, &password);
            self.onboard(&shop.as_tenant()?, fill, show).await?;
        }
        Ok(())
    }

    /// Lets the shop's owner sign in, with a password that nobody has seen yet: that of an
    /// interrupted attempt may not have been shown to anybody.
    async fn let_owner_in(
        &self,
        door: &Door,
        shop: &DemoShop,
        password: &Password,
    ) -> Result<(), Failure> {
        let email = shop.owner()?;
        if self.users(door).find(&email).await?.is_some() {
            self.reset_user(door, &email, password).await?;
        } else {
            let name = "Owner".parse()?;
            self.create_user(door, email, name, password).await?;
        }
        Ok(())
    }

    /// Puts into the shop what is not there yet, in an order that shows how far it came.
    pub(crate) async fn fill(&self, scope: &TenantScope, shop: &DemoShop) -> Result<(), Failure> {
        self.fill_categories(scope, shop).await?;
        let variants = self.fill_products(scope, shop).await?;
        let customers = self.fill_customers(scope, shop).await?;
        let all = OrderQuery {
            limit: Limit::MAX,
            ..OrderQuery::default()
        };
        let placed = self.orders().list(scope, &all).await?;
        for order in shop.orders.iter().skip(placed.items.len()) {
            let lines = order.lines.iter();
            let new = NewOrder {
                customer_id: Some(customers[order.customer]),
                ..NewOrder::new(lines.map(|(sku, pieces)| (variants[sku], i64::from(*pieces))))
            };
            self.orders().place(scope, &new).await?;
        }
        Ok(())
    }

    async fn fill_categories(&self, scope: &TenantScope, shop: &DemoShop) -> Result<(), Failure> {
        let mut known = HashMap::new();
        for category in self.catalog().categories(scope).await? {
            known.insert(category.slug.to_string(), category.id);
        }
        for (position, category) in (0..).zip(&shop.categories) {
            if known.contains_key(&category.slug) {
                continue;
            }
            let draft = CategoryDraft {
                slug: Some(category.slug.parse()?),
                parent_id: category.parent.as_ref().map(|parent| known[parent]),
                position,
                ..CategoryDraft::new(&category.name)
            };
            let made = self.catalog().insert_category(scope, &draft).await?;
            known.insert(category.slug.clone(), made.id);
        }
        Ok(())
    }

    /// The variants by SKU. A product that is there stays as it is: orders may have taken from it.
    async fn fill_products(
        &self,
        scope: &TenantScope,
        shop: &DemoShop,
    ) -> Result<HashMap<String, VariantId>, Failure> {
        let mut variants = HashMap::new();
        for product in &shop.products {
            let slug: Handle = product.slug.parse()?;
            let product = match self.catalog().find_by_slug(scope, &slug).await {
                Err(error) if *error.kind() == ErrorKind::NotFound => {
                    let draft = shop.draft(product)?;
                    let put = self.catalog().put_draft(scope, &draft).await?;
                    put.product().clone()
                }
                found => found?,
            };
            let skus = product.variants.into_iter();
            variants.extend(skus.filter_map(|variant| Some((variant.sku?, variant.id))));
        }
        Ok(variants)
    }

    /// The customers, in the order of the shop's list.
    async fn fill_customers(
        &self,
        scope: &TenantScope,
        shop: &DemoShop,
    ) -> Result<Vec<CustomerId>, Failure> {
        let all = CustomerQuery {
            limit: Limit::MAX,
            ..CustomerQuery::default()
        };
        let known = self.customers().list(scope, &all).await?;
        let mut ids = vec![];
        for customer in &shop.customers {
            let there = known
                .items
                .iter()
                .find(|known| known.email == customer.email);
            let id = match there {
                Some(customer) => customer.id,
                None => {
                    let draft = CustomerDraft {
                        name: customer.name.clone(),
                        ..CustomerDraft::new(&customer.email)
                    };
                    self.customers().insert(scope, &draft).await?.id
                }
            };
            ids.push(id);
        }
        Ok(ids)
    }
}

impl DemoShop {
    /// What the shop's owner signs in with.
    pub(crate) fn owner(&self) -> Result<Email, Failure> {
        Ok(format!("owner@{}.example", self.slug).parse()?)
    }

    /// Whether the tenant is this shop, claimed by a start and not yet open. An operator's own
    /// attempt at the same slug lacks the tagline.
    fn is_begun_as(&self, tenant: &Tenant) -> bool {
        tenant.status == Status::Provisioning
            && tenant.slug.as_str() == self.slug
            && tenant.settings.get::<Tagline>() == self.tagline
    }

    pub(crate) fn as_tenant(&self) -> Result<NewTenant, Failure> {
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

#[cfg(test)]
mod tests;
