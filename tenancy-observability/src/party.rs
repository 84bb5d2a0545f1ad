use tenancy_core::Tenant;

/// For whom work is done that is measured.
#[derive(Clone, Copy, Debug)]
pub enum Party<'a> {
    /// For nobody in particular, or the platform itself.
    Platform,
    /// For a tenant that the registry knows.
    Tenant(&'a Tenant),
    /// For whom a client only says there is. Such names are many and none of ours, so they are counted
    /// together.
    Unknown,
}

impl<'a> Party<'a> {
    /// The tenant's slug, or a name that no tenant can have.
    pub fn name(self) -> &'a str {
        match self {
            Self::Platform => "platform",
            Self::Tenant(tenant) => tenant.slug.as_str(),
            Self::Unknown => "__unknown__",
        }
    }
}
