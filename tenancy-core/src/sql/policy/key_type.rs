/// The type of a table's tenant column.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum KeyType {
    /// A number: the tenant's [`key`](crate::Tenant::key).
    Bigint,
    /// A text: the tenant's [`key`](crate::Tenant::key).
    Text,
    /// A UUID: the tenant's [`id`](crate::Tenant::id).
    Uuid,
}

impl KeyType {
    /// The tenant of the transaction as SQL computes it, or NULL without one.
    ///
    /// The column's own type decides that its index is used; the sub-select, that the setting is
    /// read once for a statement and not for each row. After a transaction the setting is empty
    /// and not absent, hence `nullif`.
    pub(crate) const fn tenant(self) -> &'static str {
        match self {
            Self::Bigint => "(SELECT nullif(current_setting('app.tenant_key', true), '')::bigint)",
            Self::Text => "(SELECT nullif(current_setting('app.tenant_key', true), ''))",
            Self::Uuid => "(SELECT nullif(current_setting('app.tenant_id', true), '')::uuid)",
        }
    }

    /// The same as PostgreSQL prints it back.
    pub(crate) const fn tenant_printed(self) -> &'static str {
        match self {
            Self::Bigint => {
                "( SELECT (NULLIF(current_setting('app.tenant_key'::text, true), ''::text))::bigint \
                 AS \"nullif\")"
            }
            Self::Text => {
                "( SELECT NULLIF(current_setting('app.tenant_key'::text, true), ''::text) \
                 AS \"nullif\")"
            }
            Self::Uuid => {
                "( SELECT (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid \
                 AS \"nullif\")"
            }
        }
    }
}
