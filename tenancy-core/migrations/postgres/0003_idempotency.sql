-- Answers kept for repetitions of a request.
CREATE TABLE tenancy_idempotency (
    tenant_id UUID NOT NULL,
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status BIGINT NOT NULL,
    headers TEXT NOT NULL,
    body BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, caller, key)
);
CREATE INDEX tenancy_idempotency_expiry ON tenancy_idempotency (tenant_id, expires_at);

ALTER TABLE tenancy_idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenancy_idempotency FORCE ROW LEVEL SECURITY;
CREATE POLICY tenancy_open ON tenancy_idempotency USING (true) WITH CHECK (true);
CREATE POLICY tenancy_isolation ON tenancy_idempotency AS RESTRICTIVE
    USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid))
    WITH CHECK (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
