-- Tenants and their addresses, in the registry's own file.

-- One row: the count of all changes. Locking it orders the changes, so that a reader who has
-- seen revision n has seen every change up to n.
CREATE TABLE tenancy_registry (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    revision BIGINT NOT NULL
);
INSERT INTO tenancy_registry (id, revision) VALUES (1, 0);

CREATE TABLE tenancy_tenants (
    id BLOB NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    status TEXT NOT NULL
        CHECK (status IN ('active', 'archived', 'provisioning', 'suspended', 'trial')),
    maintenance_seconds BIGINT,
    plan TEXT NOT NULL,
    settings TEXT NOT NULL,
    key TEXT UNIQUE,
    created_at BIGINT NOT NULL,
    revision BIGINT NOT NULL
);
CREATE INDEX tenancy_tenants_revision ON tenancy_tenants (revision);

CREATE TABLE tenancy_domains (
    host TEXT NOT NULL PRIMARY KEY,
    tenant_id BLOB NOT NULL REFERENCES tenancy_tenants (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX tenancy_domains_tenant ON tenancy_domains (tenant_id, host);

CREATE TABLE tenancy_platform_journal (
    id BLOB NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    actor_id TEXT,
    about BLOB,
    action TEXT NOT NULL,
    resource TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    before TEXT,
    after TEXT,
    request_id TEXT
);
CREATE INDEX tenancy_platform_journal_resource
    ON tenancy_platform_journal (resource, resource_id, id);
