//! Who buys.

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;

use serde::{Deserialize, Serialize};
use tenancy_core::time::Time;
use tenancy_core::{TenantId, TenantScope};

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use self::sql::SqlCustomers;
use crate::catalog::invalid::Checks;
use crate::catalog::limits::NAME_MAX;
use crate::error::Error;
use crate::id::id;
use crate::page::{Limit, Page};
use crate::patch::{Draft, Patch};

/// The longest e-mail address, in characters.
pub const EMAIL_MAX: usize = 254;

id! {
    /// A customer's permanent identity.
    CustomerId
}

/// A customer of one shop.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Eq, Hash, PartialEq, Serialize)]
pub struct Customer {
    /// Whose it is. Not part of the JSON.
    #[serde(skip)]
    pub tenant_id: TenantId,
    /// Permanent.
    pub id: CustomerId,
    /// In lower case; unique in the shop, and possibly a customer of other shops.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// Their telephone number, in their own writing.
    pub phone: String,
    /// When they became a customer.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Time,
    /// When their record was last changed.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub updated_at: Time,
}

impl Customer {
    /// The customer as a draft, to be changed.
    pub fn to_draft(&self) -> CustomerDraft {
        CustomerDraft {
            email: self.email.clone(),
            name: self.name.clone(),
            phone: self.phone.clone(),
        }
    }
}

/// A customer as somebody wishes them to be.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CustomerDraft {
    /// Their address; blanks around it and its case do not matter.
    pub email: String,
    /// What they are called.
    #[serde(default)]
    pub name: String,
    /// Their telephone number.
    #[serde(default)]
    pub phone: String,
}

impl Draft for CustomerDraft {}

impl CustomerDraft {
    /// A customer of whom only the address is known.
    pub fn new(email: impl Into<String>) -> Self {
        Self {
            email: email.into(),
            name: String::new(),
            phone: String::new(),
        }
    }

    /// The draft as it is stored, if it may be.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "sqlite")),
        expect(dead_code, reason = "for the stores")
    )]
    fn checked(&self) -> Result<Self, Error> {
        let email = self.email.trim().to_lowercase();
        let mut checks = Checks::default();
        checks.text("email", &email, EMAIL_MAX);
        let is_address = email.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@')
        });
        if !is_address || email.chars().any(|c| c.is_whitespace() || c.is_control()) {
            checks.refuse("email", "must be an e-mail address");
        }
        checks.text("name", &self.name, NAME_MAX);
        checks.text("phone", &self.phone, NAME_MAX);
        checks.finish()?;
        Ok(Self {
            email,
            name: self.name.trim().to_owned(),
            phone: self.phone.trim().to_owned(),
        })
    }
}

/// Which customers, and which page of them, the newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CustomerQuery {
    /// Only those whose name, address or number holds every one of these words.
    pub q: Option<String>,
    /// What follows this place.
    pub after: Option<CustomerPosition>,
    /// How many.
    pub limit: Limit,
}

/// The place of a customer in a list.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct CustomerPosition {
    created_at: Time,
    id: CustomerId,
}

/// Keeps the customers of shops.
///
/// Every change is journaled with what was before and after. An id of another shop is
/// [`NotFound`](crate::ErrorKind::NotFound). Implementations must pass the suite in
/// `contract::customers` (feature `testing`).
pub trait Customers: Send + Sync + 'static {
    /// A page of customers.
    fn list(
        &self,
        scope: &TenantScope,
        query: &CustomerQuery,
    ) -> impl Future<Output = Result<Page<Customer, CustomerPosition>, Error>> + Send;

    /// The customer, or [`NotFound`](crate::ErrorKind::NotFound).
    fn find(
        &self,
        scope: &TenantScope,
        id: CustomerId,
    ) -> impl Future<Output = Result<Customer, Error>> + Send;

    /// The customer with this address, or [`NotFound`](crate::ErrorKind::NotFound).
    fn find_by_email(
        &self,
        scope: &TenantScope,
        email: &str,
    ) -> impl Future<Output = Result<Customer, Error>> + Send;

    /// Adds a customer, or fails with [`EmailTaken`](crate::ErrorKind::EmailTaken).
    fn insert(
        &self,
        scope: &TenantScope,
        draft: &CustomerDraft,
    ) -> impl Future<Output = Result<Customer, Error>> + Send;

    /// Makes the customer be as the draft says.
    fn replace(
        &self,
        scope: &TenantScope,
        id: CustomerId,
        draft: &CustomerDraft,
    ) -> impl Future<Output = Result<Customer, Error>> + Send;

    /// Changes some fields.
    fn patch(
        &self,
        scope: &TenantScope,
        id: CustomerId,
        patch: &Patch<CustomerDraft>,
    ) -> impl Future<Output = Result<Customer, Error>> + Send;

    /// Deletes the customer. Their orders stay and no longer say whose they were.
    fn delete(
        &self,
        scope: &TenantScope,
        id: CustomerId,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}
