-- Whether a server decided on it by itself, for what the client did: such entries have a part of the list,
-- so that nobody crowds out those that were entered.
ALTER TABLE platform_blocks ADD COLUMN is_ban BIGINT NOT NULL DEFAULT 0 CHECK (is_ban IN (0, 1));
CREATE INDEX platform_blocks_bans ON platform_blocks (tenant_id) WHERE is_ban = 1;
