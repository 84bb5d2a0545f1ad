-- What happened in this tenant, numbered as it is written: the file has one writer at a time.
CREATE TABLE tenancy_journal (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    sequence BIGINT,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    actor_id TEXT,
    action TEXT NOT NULL,
    resource TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    before TEXT,
    after TEXT,
    request_id TEXT,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX tenancy_journal_sequence
    ON tenancy_journal (tenant_id, sequence) WHERE sequence IS NOT NULL;
CREATE INDEX tenancy_journal_resource ON tenancy_journal (tenant_id, resource, resource_id, id);

-- The last number given, and whether the registry knows of unfinished work.
CREATE TABLE tenancy_journal_head (
    tenant_id BLOB NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    marked BIGINT NOT NULL
);

-- How far each consumer has come, and who is working for it until when.
CREATE TABLE tenancy_journal_cursors (
    tenant_id BLOB NOT NULL,
    consumer TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    retry_at BIGINT NOT NULL,
    lease BLOB,
    leased_until BIGINT NOT NULL,
    error TEXT,
    PRIMARY KEY (tenant_id, consumer)
);

-- Entries that a consumer could not take, put aside visibly.
CREATE TABLE tenancy_journal_parked (
    tenant_id BLOB NOT NULL,
    consumer TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    error TEXT NOT NULL,
    parked_at BIGINT NOT NULL,
    retry BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, consumer, sequence)
);
