-- Who runs the platform, and where they are signed in. Platform tables: they hold no tenant's content.
CREATE TABLE platform_operators (
    id BLOB NOT NULL PRIMARY KEY,
    -- In lower case: one person has one account.
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- Argon2id in PHC form.
    password_hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);

CREATE TABLE platform_operator_sessions (
    -- SHA-256 of the id in the cookie.
    digest BLOB NOT NULL PRIMARY KEY,
    operator_id BLOB NOT NULL REFERENCES platform_operators (id),
    begun_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL
);
CREATE INDEX platform_operator_sessions_operator
    ON platform_operator_sessions (operator_id, begun_at);
