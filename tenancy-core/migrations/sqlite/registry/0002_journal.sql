-- Which tenants have entries that a consumer has not taken yet.
CREATE TABLE tenancy_journal_work (
    tenant_id BLOB NOT NULL PRIMARY KEY,
    token BLOB NOT NULL
);
