-- What happened in each tenant. Entries are inserted without a number as the last statements of
-- the change's own transaction; the sequencer numbers them once they have been committed.
CREATE TABLE tenancy_journal (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
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

-- The last number given, and on SQLite whether the registry knows of unfinished work.
CREATE TABLE tenancy_journal_head (
    tenant_id UUID PRIMARY KEY,
    sequence BIGINT NOT NULL,
    marked BIGINT NOT NULL
);

-- How far each consumer has come, and who is working for it until when.
CREATE TABLE tenancy_journal_cursors (
    tenant_id UUID NOT NULL,
    consumer TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    retry_at BIGINT NOT NULL,
    lease UUID,
    leased_until BIGINT NOT NULL,
    error TEXT,
    PRIMARY KEY (tenant_id, consumer)
);

-- Entries that a consumer could not take, put aside visibly.
CREATE TABLE tenancy_journal_parked (
    tenant_id UUID NOT NULL,
    consumer TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    error TEXT NOT NULL,
    parked_at BIGINT NOT NULL,
    retry BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, consumer, sequence)
);

DO $$
DECLARE
    name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'tenancy_journal', 'tenancy_journal_head', 'tenancy_journal_cursors',
        'tenancy_journal_parked'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenancy_open ON %I USING (true) WITH CHECK (true)', name);
        EXECUTE format(
            'CREATE POLICY tenancy_isolation ON %I AS RESTRICTIVE '
            'USING (tenant_id = (SELECT nullif(current_setting(''app.tenant_id'', true), '''')::uuid)) '
            'WITH CHECK (tenant_id = (SELECT nullif(current_setting(''app.tenant_id'', true), '''')::uuid))',
            name
        );
    END LOOP;
END $$;

-- Platform tables, which name tenants and hold nothing of theirs. An entry waits for its number at
-- a place in the line, taken while its transaction still holds the locks of what it changed; the
-- numbered become work for the consumers.
CREATE TABLE tenancy_journal_line (
    tenant_id UUID NOT NULL,
    place BIGINT GENERATED ALWAYS AS IDENTITY,
    entry_id UUID NOT NULL,
    PRIMARY KEY (tenant_id, place)
);
CREATE TABLE tenancy_journal_work (
    tenant_id UUID PRIMARY KEY,
    token UUID NOT NULL
);
