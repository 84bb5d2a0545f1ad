//! Who a tenant is: a permanent [`TenantId`], the [`Slug`] seen in URLs, its state and settings.

mod id;
mod key;
mod plan;
mod settings;
mod slug;
mod status;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

pub use self::id::{InvalidTenantId, TenantId};
pub use self::key::{InvalidTenantKey, TenantKey};
pub use self::plan::{InvalidPlan, Plan};
pub use self::settings::{InvalidSetting, Locale, Setting, Settings, TimeZone};
pub use self::slug::{InvalidSlug, Slug};
pub use self::status::{InvalidStatus, Maintenance, Status, Unavailability};
use crate::time::Time;

/// The longest display name of a tenant, in bytes.
pub const NAME_BYTES_MAX: usize = 200;

/// A customer of the platform.
///
/// A plain record: holding one gives no access to anything. Access is a
/// [`TenantScope`](crate::TenantScope), which only [`Tenants`](crate::Tenants) makes.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Tenant {
    /// Permanent and never reused.
    pub id: TenantId,
    /// The part of the address that people see; may change.
    pub slug: Slug,
    /// The name shown to people.
    pub name: Box<str>,
    /// Where the tenant is in its life.
    pub status: Status,
    /// Whether it is closed for maintenance, beside its status.
    pub maintenance: Maintenance,
    /// What it has bought.
    pub plan: Plan,
    /// Typed settings; absent ones have their defaults.
    pub settings: Settings,
    /// What an existing schema calls this tenant, where that is not its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<TenantKey>,
    /// When it was created.
    pub created_at: Time,
    /// Counts the changes of the whole registry; this tenant's last change had this number.
    #[serde(default)]
    pub revision: u64,
}

impl Tenant {
    /// An active tenant named like its slug, on the default plan.
    pub fn new(id: TenantId, slug: Slug) -> Self {
        Self {
            id,
            name: slug.as_str().into(),
            slug,
            status: Status::Active,
            maintenance: Maintenance::Off,
            plan: Plan::default(),
            settings: Settings::default(),
            key: None,
            created_at: Time::now(),
            revision: 0,
        }
    }

    /// Why work asked for by a client is refused in this state, if it is.
    pub fn unavailability(&self) -> Option<Unavailability> {
        match (self.status, self.maintenance) {
            (Status::Provisioning, _) => Some(Unavailability::Provisioning),
            (Status::Suspended, _) => Some(Unavailability::Suspended),
            (Status::Archived, _) => Some(Unavailability::Archived),
            (
                Status::Active | Status::Trial,
                Maintenance::On {
                    retry_after_seconds,
                },
            ) => Some(Unavailability::Maintenance {
                retry_after: SignedDuration::from_secs(i64::from(retry_after_seconds)),
            }),
            (Status::Active | Status::Trial, Maintenance::Off) => None,
        }
    }
}
