use sqlx::PgPool;
use tenancy_core::registry::Address;
use tenancy_core::{Error, ErrorKind, Tenant, TenantId};
use uuid::Uuid;

/// The application's accounts as tenants: each keeps its number, as a key and as a UUID.
pub(crate) async fn find(pool: PgPool, address: Address) -> Result<Option<Tenant>, Error> {
    const FIND: &str = "SELECT id, slug FROM accounts WHERE slug = $1 OR id = $2";
    let (slug, id) = match address {
        Address::Domain(_) => return Ok(None),
        Address::Id(id) => (None, i64::try_from(id.as_uuid().as_u128()).ok()),
        Address::Slug(slug) => (Some(slug.to_string()), None),
    };
    let found = sqlx::query_as(FIND).bind(slug).bind(id);
    let found: Option<(i64, String)> = found
        .fetch_optional(&pool)
        .await
        .map_err(|error| Error::with_source(ErrorKind::Unavailable, error))?;
    found.map(|(id, slug)| tenant(id, &slug)).transpose()
}

fn tenant(id: i64, slug: &str) -> Result<Tenant, Error> {
    let number = u32::try_from(id).map_err(corrupt)?;
    let id = TenantId::from(Uuid::from_u128(number.into()));
    Ok(Tenant {
        key: Some(number.into()),
        ..Tenant::new(id, slug.parse().map_err(corrupt)?)
    })
}

fn corrupt(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::with_source(ErrorKind::Corrupt, error)
}
