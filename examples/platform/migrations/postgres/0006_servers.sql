-- The servers, as they told of themselves last. A platform table: it holds nothing of a shop.
CREATE TABLE platform_servers (
    id UUID PRIMARY KEY,
    seen_at BIGINT NOT NULL,
    -- As JSON.
    figures TEXT NOT NULL
);
