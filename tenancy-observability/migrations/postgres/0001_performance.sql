-- What requests took, by tenant (the nil id: by all together) and window of five minutes. Each server
-- writes rows of its own. Platform tables: they hold numbers and the names of routes.
CREATE TABLE observability_windows (
    party UUID NOT NULL,
    starts_at BIGINT NOT NULL,
    writer UUID NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (party, starts_at, writer)
);
CREATE INDEX observability_windows_start ON observability_windows (starts_at);

-- The same by hour, of all servers, once nobody writes the windows any more.
CREATE TABLE observability_hours (
    party UUID NOT NULL,
    starts_at BIGINT NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (party, starts_at)
);
CREATE INDEX observability_hours_start ON observability_hours (starts_at);

-- Whoever makes windows into hours locks its row, so that servers do it one after the other.
CREATE TABLE observability_tidying (
    only_row BIGINT PRIMARY KEY DEFAULT 1 CHECK (only_row = 1),
    turns BIGINT NOT NULL
);
INSERT INTO observability_tidying (turns) VALUES (0);
