-- The files that a shop has uploaded. Their content is kept as blobs; how many bytes they are together
-- is the counter `media_bytes`, which also keeps those who add or delete some apart.
CREATE TABLE commerce_media (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    folder TEXT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    bytes BIGINT NOT NULL CHECK (bytes >= 0),
    width BIGINT CHECK (width > 0),
    height BIGINT CHECK (height > 0),
    sha256 TEXT NOT NULL,
    alt TEXT NOT NULL,
    blob_key TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, blob_key)
);
CREATE INDEX commerce_media_newest ON commerce_media (tenant_id, created_at, id);
CREATE INDEX commerce_media_type ON commerce_media (tenant_id, type, folder, created_at, id);
CREATE INDEX commerce_media_folder ON commerce_media (tenant_id, folder, created_at, id);

ALTER TABLE commerce_media ENABLE ROW LEVEL SECURITY;
ALTER TABLE commerce_media FORCE ROW LEVEL SECURITY;
CREATE POLICY tenancy_open ON commerce_media USING (true) WITH CHECK (true);
CREATE POLICY tenancy_isolation ON commerce_media AS RESTRICTIVE
    USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid))
    WITH CHECK (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
