-- Addresses that are not served. A platform table: it holds no tenant's content, and is read by every
-- server for all tenants at once.
CREATE TABLE platform_blocks (
    id UUID PRIMARY KEY,
    -- NULL for those that no shop serves.
    tenant_id UUID REFERENCES tenancy_tenants (id),
    network TEXT NOT NULL,
    effect TEXT NOT NULL CHECK (effect IN ('allow', 'block')),
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ends_at BIGINT
);
CREATE INDEX platform_blocks_tenant ON platform_blocks (tenant_id, network, effect);
CREATE INDEX platform_blocks_end ON platform_blocks (ends_at);

-- How often the list was changed, so that servers see at one glance whether it was. Whoever writes
-- locks it first, so that there are no two entries for the same.
CREATE TABLE platform_block_changes (
    only_row BIGINT PRIMARY KEY DEFAULT 1 CHECK (only_row = 1),
    revision BIGINT NOT NULL
);
INSERT INTO platform_block_changes (revision) VALUES (0);
