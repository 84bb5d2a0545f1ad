CREATE TABLE notes (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
