CREATE TABLE notes (
    tenant_id UUID NOT NULL, id UUID NOT NULL, body TEXT NOT NULL, PRIMARY KEY (tenant_id, id)
);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE notes FORCE ROW LEVEL SECURITY;
CREATE POLICY tenancy_open ON notes USING (true) WITH CHECK (true);
CREATE POLICY tenancy_isolation ON notes AS RESTRICTIVE
    USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid))
    WITH CHECK (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
CREATE TABLE open_notes (
    tenant_id UUID NOT NULL, id UUID NOT NULL, body TEXT NOT NULL, PRIMARY KEY (tenant_id, id)
);
CREATE TABLE plain_log (
    tenant_id UUID NOT NULL, id UUID NOT NULL, at BIGINT NOT NULL, actor TEXT NOT NULL,
    action TEXT NOT NULL, resource TEXT NOT NULL, resource_id TEXT NOT NULL, after TEXT,
    PRIMARY KEY (tenant_id, id)
);
