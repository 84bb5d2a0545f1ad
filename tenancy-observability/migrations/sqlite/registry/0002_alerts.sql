-- What is known of alerts, of groups of them and of silences, as JSON. Platform tables: they name tenants
-- and hold nothing of theirs but what was measured.
CREATE TABLE observability_alerts (
    kind TEXT NOT NULL,
    id BLOB NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (kind, id)
);

-- Whoever goes on with alerts locks its row, so that servers do it one after the other.
CREATE TABLE observability_alert_turns (
    only_row BIGINT NOT NULL PRIMARY KEY DEFAULT 1 CHECK (only_row = 1),
    turns BIGINT NOT NULL
);
INSERT INTO observability_alert_turns (turns) VALUES (0);

-- Messages on their way, and what has become of them.
CREATE TABLE observability_alert_deliveries (
    id BLOB NOT NULL PRIMARY KEY,
    channel TEXT NOT NULL,
    -- The tenant's id, or `platform`.
    subject TEXT NOT NULL,
    message TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    fate TEXT NOT NULL CHECK (fate IN ('arrived', 'dead', 'waiting')),
    says TEXT
);
CREATE INDEX observability_alert_deliveries_due
    ON observability_alert_deliveries (fate, channel, next_at);
CREATE INDEX observability_alert_deliveries_latest ON observability_alert_deliveries (fate, id);
CREATE INDEX observability_alert_deliveries_subject ON observability_alert_deliveries (subject);
