-- Slow statements without their values, and lines of the program that repeat statements: what one process
-- found in one hour. A platform table: it holds no tenant's content.
CREATE TABLE observability_slow_queries (
    -- The begin of the hour, in microseconds.
    began_at BIGINT NOT NULL,
    -- The process; nobody else writes its rows.
    writer BLOB NOT NULL,
    findings TEXT NOT NULL,
    PRIMARY KEY (began_at, writer)
);
