use serde::Serialize;
use tenancy_core::registry::{Address, Directory as _, TenantRegistry as _};
use tenancy_core::sql::PlatformTx;
use tenancy_core::tenant::{NAME_BYTES_MAX, Plan, Status};
use tenancy_core::{Error, ErrorKind, Slug, Tenant, TenantId};

use crate::failure::Failure;
use crate::keys::{self, ApiKey, KeyName};
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
    /// Sets a tenant up: its record, the place for its data, `fill`, and last a key and the opening
    /// of its doors in one transaction.
    ///
    /// Cut off anywhere, the tenant stays `provisioning`, and asking for it again goes on. Of
    /// attempts that meet, the one that claimed the record last opens it. `show` gets the key
    /// before the tenant opens, so that no open tenant has a key nobody has seen.
    pub(crate) async fn onboard(
        &self,
        new: &NewTenant,
        fill: impl AsyncFnOnce(&Tenant) -> Result<(), Failure>,
        show: impl FnOnce(&Onboarded) -> Result<(), Failure>,
    ) -> Result<Onboarded, Failure> {
        let tenant = self.claim(new).await?;
        self.provision(tenant.id).await?;
        fill(&tenant).await?;
        self.open_doors(tenant, show).await
    }

    /// Opens a tenant that is still as this attempt claimed it, with its only key.
    async fn open_doors(
        &self,
        claimed: Tenant,
        show: impl FnOnce(&Onboarded) -> Result<(), Failure>,
    ) -> Result<Onboarded, Failure> {
        let open = Tenant {
            status: Status::Active,
            ..claimed
        };
        let name: KeyName = "owner".parse()?;
        let key = ApiKey::generate()?;
        let with_its_key = async |tx: &mut PlatformTx| {
            // A key that an interrupted attempt made may not have been shown to anybody.
            for old in keys::list(tx, open.id).await? {
                if old.revoked_at.is_none() {
                    keys::revoke(tx, open.id, old.id).await?;
                }
            }
            let issued = keys::issue(tx, open.id, &name, key).await?;
            let onboarded = Onboarded {
                id: open.id,
                slug: open.slug.clone(),
                url: self.shop_url(&open.slug),
                api_key: issued.key.expose().to_owned(),
            };
            show(&onboarded)?;
            Ok::<_, Opening>(onboarded)
        };
        let opened = self
            .registry()
            .update_with(&open, self.actor(), with_its_key);
        match opened.await {
            Ok(onboarded) => Ok(onboarded),
            Err(Opening::Refused(error)) => Err(refusal(&open.slug, error)),
            Err(Opening::Unseen(failure)) => Err(failure),
        }
    }

    /// The tenant's record, not yet open: a new one, or that of an attempt that was cut off.
    ///
    /// Each claim changes the record's revision, which ends what an earlier one may do with it: no
    /// attempt can hold the slug for ever, and two never both open it.
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
            Some(mut begun) if begun.status == Status::Provisioning => {
                new.describe(&mut begun)?;
                let claimed = self.registry().update(&begun, self.actor()).await;
                return claimed.map_err(|error| refusal(slug, error));
            }
            Some(_) => return Err(slug_taken(slug)),
            None => {}
        }
        let mut tenant = Tenant::new(TenantId::generate(), slug.clone());
        tenant.status = Status::Provisioning;
        new.describe(&mut tenant)?;
        let inserted = self.registry().insert(&tenant, self.actor()).await;
        inserted.map_err(|error| refusal(slug, error))
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

/// Why a tenant was not opened: by the registry, or because its key could not be shown.
enum Opening {
    Refused(Error),
    Unseen(Failure),
}

impl From<Error> for Opening {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<Failure> for Opening {
    fn from(failure: Failure) -> Self {
        Self::Unseen(failure)
    }
}

/// What the registry's refusal means to the one who sets a tenant up.
fn refusal(slug: &Slug, error: Error) -> Failure {
    match error.kind() {
        ErrorKind::AddressTaken => slug_taken(slug),
        ErrorKind::SerializationFailure => Failure::new(format!(
            "{slug} is being set up by another command: `tenant create {slug}` goes on if that \
             one does not finish"
        )),
        _ => error.into(),
    }
}

fn slug_taken(slug: &Slug) -> Failure {
    Failure::new(format!("another tenant already has the slug {slug}"))
}
