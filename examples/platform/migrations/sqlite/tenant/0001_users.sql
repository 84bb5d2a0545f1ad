-- Who works for a shop, and where they are signed in.
CREATE TABLE platform_users (
    tenant_id BLOB NOT NULL,
    id BLOB NOT NULL,
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
    tenant_id BLOB NOT NULL,
    -- SHA-256 of the id in the cookie.
    digest BLOB NOT NULL,
    user_id BLOB NOT NULL,
    begun_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, digest),
    FOREIGN KEY (tenant_id, user_id) REFERENCES platform_users (tenant_id, id)
);
CREATE INDEX platform_user_sessions_user ON platform_user_sessions (tenant_id, user_id, begun_at);
