use crate::advisor::catalog::{Catalog, Engine};
use crate::advisor::report::{Advice, Rule, Severity};

/// Advice for a login that sees more than a server's does is about statements that nobody runs.
pub(super) fn check(catalog: &Catalog) -> Vec<Advice> {
    let login = &catalog.login;
    let has_policies = catalog
        .tables
        .iter()
        .any(|table| !table.policies.is_empty());
    let what = match (login.is_superuser, login.bypasses_row_security) {
        (true, _) => "is a superuser",
        (false, true) => "has BYPASSRLS",
        (false, false) => return Vec::new(),
    };
    if catalog.engine != Engine::Postgres || !has_policies {
        return Vec::new();
    }
    let message = format!(
        "the role {} {what}, so row-level security does not bind it: its statements see all tenants, \
         and its plans are not those of the server; log in with a role that owns nothing",
        login.name
    );
    let advice = Advice::new(Rule::UnboundLogin, Severity::High, String::new(), message);
    vec![advice.evidence(format!("pg_roles: {} {what}", login.name))]
}
