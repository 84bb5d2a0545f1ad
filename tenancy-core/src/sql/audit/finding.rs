use std::fmt;

use serde::Serialize;

/// The ways round isolation that the audit knows.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Defect {
    /// A function runs with the rights of one whom row-level security does not bind.
    DefinerFunction,
    /// A key names rows of another table without naming the tenant.
    ForeignKeyAcrossTenants,
    /// No index leads with the tenant, so each statement reads the rows of all.
    IndexMissing,
    /// Row-level security does not bind the login.
    LoginExempt,
    /// The login can become a role that is not bound.
    LoginMember,
    /// The login owns what it works on, and can switch row-level security off.
    LoginOwns,
    /// A materialized view is a copy of all tenants' rows.
    MaterializedView,
    /// A partition, heir or ancestor of a table can be used past the table's policies.
    PartOpen,
    /// A policy casts the tenant's column, so that no index on it is used.
    PolicyCastsColumn,
    /// No policy holds the rows to the tenant.
    PolicyMissing,
    /// The restrictive policy is not for every command and every role.
    PolicyPartial,
    /// A policy does not compare the tenant's column with the transaction's tenant.
    PolicyUntyped,
    /// A further policy lets more rows through than the one that holds them to the tenant.
    PolicyWidens,
    /// The login has a privilege that row-level security does not bind.
    PrivilegeTooWide,
    /// Rows were visible to a transaction that must see none.
    RowsVisible,
    /// Row-level security is off.
    RowSecurityOff,
    /// Row-level security does not bind the table's owner, nor views of the owner's.
    RowSecurityUnforced,
    /// The login may create objects beside the tables.
    SchemaOpen,
    /// The server has known holes in row-level security; a warning.
    ServerOutdated,
    /// A declared table is not there, or is no table.
    TableMissing,
    /// A table with a tenant's column was never declared.
    TableUndeclared,
    /// The column that says whose a row is, is not there or cannot tell tenants apart.
    TenantColumn,
    /// Connections begin with a tenant that nobody named.
    TenantPreset,
    /// A unique key spans tenants, so that it tells of other tenants' rows.
    UniqueAcrossTenants,
    /// A view shows the rows as one whom row-level security does not bind.
    ViewExempt,
}

/// One way round isolation, where it is and what closes it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// Which way.
    pub defect: Defect,
    /// Where: a kind and a name, such as `table public.notes`.
    pub object: Box<str>,
    /// What is wrong with it.
    pub problem: Box<str>,
    /// What to run or to do.
    pub fix: Box<str>,
}

impl Finding {
    pub(super) fn new(
        defect: Defect,
        object: impl Into<Box<str>>,
        problem: impl Into<Box<str>>,
        fix: impl Into<Box<str>>,
    ) -> Self {
        Self {
            defect,
            object: object.into(),
            problem: problem.into(),
            fix: fix.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.object, self.problem, self.fix)
    }
}
