-- What the application has had for years: customers' accounts, and their orders.
CREATE TABLE accounts (
    id BIGINT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE
);
CREATE TABLE orders (
    account_id BIGINT NOT NULL REFERENCES accounts (id),
    number BIGINT NOT NULL,
    item TEXT NOT NULL,
    PRIMARY KEY (account_id, number)
);
INSERT INTO accounts VALUES (1, 'acme'), (2, 'bolt');
INSERT INTO orders VALUES (1, 1, 'anvil'), (1, 2, 'rope'), (2, 1, 'nut');
GRANT SELECT ON accounts TO shop_server;
