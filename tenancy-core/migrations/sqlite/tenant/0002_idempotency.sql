-- Answers kept for repetitions of a request.
CREATE TABLE tenancy_idempotency (
    tenant_id BLOB NOT NULL,
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    status BIGINT NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, caller, key)
);
CREATE INDEX tenancy_idempotency_expiry ON tenancy_idempotency (tenant_id, expires_at);
