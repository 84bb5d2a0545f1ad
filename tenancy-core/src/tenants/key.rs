use std::hash::{Hash, Hasher};
use std::sync::Arc;

use quick_cache::Equivalent;

use crate::registry::Address;
use crate::resolve::Host;
use crate::tenant::{Slug, Tenant, TenantId};

/// The address of a cached record. What the record says already is not kept a second time.
#[derive(Clone)]
pub(super) enum Key {
    Id(Arc<Tenant>),
    /// A domain, or an address that the record does not have but the directory answered to.
    Other(Box<Address>),
    Slug(Arc<Tenant>),
}

impl Key {
    pub(super) fn new(address: &Address, record: &Arc<Tenant>) -> Self {
        match address {
            Address::Id(id) if *id == record.id => Self::Id(record.clone()),
            Address::Slug(slug) if *slug == record.slug => Self::Slug(record.clone()),
            other => Self::Other(Box::new(other.clone())),
        }
    }

    fn name(&self) -> Name<'_> {
        match self {
            Self::Id(record) => Name::Id(record.id),
            Self::Other(address) => address.as_ref().into(),
            Self::Slug(record) => Name::Slug(&record.slug),
        }
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name().hash(state);
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Key {}

/// An [`Address`], wherever its text is kept.
#[derive(Eq, Hash, PartialEq)]
pub(super) enum Name<'a> {
    Domain(&'a Host),
    Id(TenantId),
    Slug(&'a Slug),
}

impl<'a> From<&'a Address> for Name<'a> {
    fn from(address: &'a Address) -> Self {
        match address {
            Address::Domain(host) => Self::Domain(host),
            Address::Id(id) => Self::Id(*id),
            Address::Slug(slug) => Self::Slug(slug),
        }
    }
}

impl Equivalent<Key> for Name<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self == key.name()
    }
}
