-- API keys: which digest opens which tenant. A platform table: it holds no tenant's content, and is
-- read before the request's right to the tenant is known.
CREATE TABLE platform_api_keys (
    id BLOB NOT NULL PRIMARY KEY,
    tenant_id BLOB NOT NULL REFERENCES tenancy_tenants (id),
    -- SHA-256 of the whole key; the key has enough chance in it that no salt is needed.
    digest BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL,
    prefix TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE INDEX platform_api_keys_tenant ON platform_api_keys (tenant_id, id);
