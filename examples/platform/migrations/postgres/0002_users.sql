-- Who works for a shop, and where they are signed in.
CREATE TABLE platform_users (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    -- In lower case: one person has one account.
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    -- Argon2id in PHC form.
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, email)
);

CREATE TABLE platform_user_sessions (
    tenant_id UUID NOT NULL,
    -- SHA-256 of the id in the cookie.
    digest BYTEA NOT NULL,
    user_id UUID NOT NULL,
    begun_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, digest),
    FOREIGN KEY (tenant_id, user_id) REFERENCES platform_users (tenant_id, id)
);
CREATE INDEX platform_user_sessions_user ON platform_user_sessions (tenant_id, user_id, begun_at);

DO $$
DECLARE
    name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY['platform_users', 'platform_user_sessions'] LOOP
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
