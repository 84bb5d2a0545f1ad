use serde::Serialize;
use tenancy_core::registry::{Address, Directory as _, TenantRegistry as _};
use tenancy_core::tenant::{NAME_BYTES_MAX, Plan, Status};
use tenancy_core::{ErrorKind, Slug, Tenant, TenantId};

use crate::failure::Failure;
use crate::keys::KeyName;
use crate::platform::Platform;
use crate::shop::ShopSettings;

/// A tenant as it is asked for.
#[derive(Clone, Debug)]
pub(crate) struct NewTenant {
    pub(crate) slug: Slug,
    pub(crate) name: Option<String>,
    pub(crate) plan: Plan,
    pub(crate) settings: ShopSettings,
}

/// A tenant that has just been set up. The key is shown this once.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Onboarded {
    pub(crate) id: TenantId,
    pub(crate) slug: Slug,
    pub(crate) url: String,
    pub(crate) api_key: String,
}

impl Platform {
    /// Sets a tenant up: its record, the place for its data, `fill` and a key, and opens it last.
    ///
    /// Cut off anywhere, the tenant stays `provisioning`, and asking for it again goes on. `show`
    /// gets the key before the tenant opens, so that no open tenant has a key nobody has seen.
    pub(crate) async fn onboard(
        &self,
        new: &NewTenant,
        fill: impl AsyncFnOnce(&Tenant) -> Result<(), Failure>,
        show: impl FnOnce(&Onboarded),
    ) -> Result<Onboarded, Failure> {
        let tenant = self.claim(new).await?;
        self.provision(tenant.id).await?;
        fill(&tenant).await?;
        // A key that an interrupted attempt made may not have been shown to anybody.
        for key in self.keys(tenant.id).await? {
            if key.revoked_at.is_none() {
                self.revoke_key(tenant.id, key.id).await?;
            }
        }
        let name: KeyName = "owner".parse()?;
        let issued = self.issue_key(tenant.id, &name).await?;
        let onboarded = Onboarded {
            id: tenant.id,
            url: self.shop_url(&tenant.slug),
            slug: tenant.slug,
            api_key: issued.key.expose().to_owned(),
        };
        show(&onboarded);
        let opened = self.change_tenant(&onboarded.slug, |tenant| {
            tenant.status = Status::Active;
            Ok(())
        });
        opened.await?;
        Ok(onboarded)
    }

    /// The tenant's record, not yet open: a new one, or that of an attempt that was cut off.
    pub(crate) async fn claim(&self, new: &NewTenant) -> Result<Tenant, Failure> {
        let slug = &new.slug;
        let base = self.config().base_domain();
        if format!("{slug}.{base}")
            .parse::<tenancy_core::resolve::Host>()
            .is_err()
        {
            return Err(Failure::new(format!(
                "{slug}.{base} is too long for a host name"
            )));
        }
        let address = Address::Slug(slug.clone());
        match self.registry().find(&address).await? {
            Some(begun) if begun.status == Status::Provisioning => {
                let changed = self.change_tenant(slug, |tenant| new.describe(tenant));
                return changed.await;
            }
            Some(_) => return Err(slug_taken(slug)),
            None => {}
        }
        let mut tenant = Tenant::new(TenantId::generate(), slug.clone());
        tenant.status = Status::Provisioning;
        new.describe(&mut tenant)?;
        match self.registry().insert(&tenant, self.actor()).await {
            Ok(tenant) => Ok(tenant),
            Err(error) if error.kind() == ErrorKind::AddressTaken => Err(slug_taken(slug)),
            Err(error) => Err(error.into()),
        }
    }

    /// Changes a tenant's record, again when somebody else changed it meanwhile.
    pub(crate) async fn change_tenant(
        &self,
        slug: &Slug,
        change: impl Fn(&mut Tenant) -> Result<(), Failure>,
    ) -> Result<Tenant, Failure> {
        loop {
            let mut tenant = self.tenant(slug).await?;
            let before = tenant.clone();
            change(&mut tenant)?;
            if tenant == before {
                return Ok(tenant);
            }
            match self.registry().update(&tenant, self.actor()).await {
                Ok(tenant) => return Ok(tenant),
                Err(error) if error.kind() == ErrorKind::SerializationFailure => {}
                Err(error) if error.kind() == ErrorKind::AddressTaken => {
                    return Err(slug_taken(&tenant.slug));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl NewTenant {
    fn describe(&self, tenant: &mut Tenant) -> Result<(), Failure> {
        if let Some(name) = &self.name {
            tenant.name = tenant_name(name)?;
        }
        tenant.plan = self.plan.clone();
        Ok(self.settings.write(&mut tenant.settings)?)
    }
}

/// A tenant's display name, checked.
pub(crate) fn tenant_name(name: &str) -> Result<Box<str>, Failure> {
    let name = name.trim();
    if name.is_empty() || name.len() > NAME_BYTES_MAX || name.contains(char::is_control) {
        return Err(Failure::new(format!(
            "a tenant's name has 1 to {NAME_BYTES_MAX} bytes on one line"
        )));
    }
    Ok(name.into())
}

fn slug_taken(slug: &Slug) -> Failure {
    Failure::new(format!("another tenant already has the slug {slug}"))
}
