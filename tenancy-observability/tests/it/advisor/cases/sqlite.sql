-- What the advisor has to find on SQLite, and what it must not: see the file for PostgreSQL.

--- fixture shop
CREATE TABLE customers (
    id INTEGER PRIMARY KEY, email TEXT NOT NULL, name TEXT NOT NULL, city TEXT NOT NULL,
    active INTEGER NOT NULL, code TEXT NOT NULL COLLATE NOCASE
);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
INSERT INTO customers SELECT i, 'person' || i || '@example.com', 'Person ' || i, 'city' || (i % 300),
    i % 2, 'code' || i FROM n;
CREATE TABLE orders (
    id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, status TEXT NOT NULL, region_id INTEGER NOT NULL,
    total INTEGER NOT NULL, note TEXT NOT NULL, placed_at INTEGER NOT NULL, deleted_at INTEGER
);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 15000)
INSERT INTO orders SELECT i, 1 + (i * 7919) % 6000,
    CASE WHEN i % 25 = 0 THEN 'open' WHEN i % 2 = 0 THEN 'paid' ELSE 'shipped' END,
    i % 12, (i * 31) % 10007, 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' || i, (i * 48271) % 1000003,
    CASE WHEN i % 20 = 0 THEN i END FROM n;
ANALYZE;

--- case the rows of one customer
--- origin sqlite3_expert
--- use shop
--- statement 100
SELECT * FROM orders WHERE customer_id = $1
--- expect missing_index orders (customer_id)

--- case a row by its number
--- origin sqlite3_expert
--- use shop
--- statement 100
SELECT * FROM orders WHERE id = $1
--- refuse orders already_served

--- case an equal column, and an order
--- origin sqlite3_expert
--- use shop
--- statement 100
SELECT * FROM orders WHERE status = $1 ORDER BY placed_at DESC LIMIT 20
--- expect missing_index orders (status, placed_at DESC)

--- case a range behind an equal column
--- origin sqlite3_expert
--- use shop
--- statement 100
SELECT * FROM orders WHERE region_id = $1 AND placed_at BETWEEN $2 AND $3
--- expect missing_index orders (region_id, placed_at)

--- case an order in two directions
--- origin dexter, which skips it
--- use shop
--- statement 100
SELECT * FROM orders ORDER BY region_id DESC, placed_at LIMIT 20
--- expect missing_index orders (region_id DESC, placed_at)

--- case either of two columns
--- origin sqlite3_expert
--- use shop
--- statement 100
SELECT * FROM orders WHERE customer_id = $1 OR total = $2
--- expect missing_index orders (customer_id), (total)

--- case the beginning of a text, for which LIKE knows no case
--- origin sqlite3_expert
--- use shop
--- statement 100
SELECT * FROM customers WHERE name LIKE 'Person 12%'
--- expect missing_index customers (name COLLATE NOCASE)

--- case the beginning of a text in a column that knows no case
--- origin sqlite3_expert
--- held out
--- use shop
--- statement 100
SELECT * FROM customers WHERE code LIKE 'code12%'
--- expect missing_index customers (code)

--- case a part of a text
--- origin reference
--- use shop
--- statement 100
SELECT * FROM customers WHERE name LIKE '%12%'
--- refuse customers low_selectivity

--- case an expression
--- origin sqlite3_expert, which misses it
--- use shop
--- statement 100
SELECT * FROM customers WHERE lower(email) = $1
--- expect missing_index customers (lower(email))

--- case an expression that has its index
--- origin reference
--- use shop
--- setup
CREATE INDEX customers_email ON customers (lower(email));
--- statement 100
SELECT * FROM customers WHERE lower(email) = $1
--- refuse customers already_served

--- case another collation than the column's
--- origin reference
--- held out
--- use shop
--- statement 100
SELECT * FROM customers WHERE email = $1 COLLATE NOCASE
--- expect missing_index customers (email COLLATE NOCASE)

--- case a value that few rows have
--- origin reference
--- use shop
--- statement 100
SELECT * FROM orders WHERE status = 'open' AND region_id = $1
--- expect missing_index orders (region_id) WHERE status = 'open'

--- case rows that are not deleted
--- origin reference
--- use shop
--- statement 100
SELECT * FROM orders WHERE customer_id = $1 AND deleted_at IS NULL
--- expect missing_index orders (customer_id) WHERE deleted_at IS NULL

--- case a join for which the engine makes an index each time
--- origin reference
--- use shop
--- statement 100
SELECT o.* FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.email = $1
--- expect missing_index customers (email)
--- expect missing_index orders (customer_id)

--- case a query for each row
--- origin reference
--- use shop
--- statement 100
SELECT c.name, (SELECT count(*) FROM orders o WHERE o.customer_id = c.id) FROM customers c WHERE c.city = $1
--- expect missing_index customers (city)
--- expect missing_index orders (customer_id)

--- case a query with a name
--- origin dexter
--- held out
--- use shop
--- statement 100
WITH mine AS (SELECT * FROM orders WHERE customer_id = $1) SELECT * FROM mine WHERE total > $2
--- expect missing_index orders (customer_id)

--- case a view
--- origin dexter
--- use shop
--- setup
CREATE VIEW running AS SELECT id, customer_id AS buyer, total FROM orders WHERE status <> 'shipped';
--- statement 100
SELECT * FROM running WHERE buyer = $1
--- expect missing_index orders (customer_id)

--- case an update
--- origin dexter
--- use shop
--- statement 100
UPDATE orders SET note = $1 WHERE customer_id = $2
--- expect missing_index orders (customer_id)

--- case a deletion
--- origin dexter
--- held out
--- use shop
--- statement 100
DELETE FROM orders WHERE customer_id = $1 AND region_id = 7
--- expect missing_index orders (customer_id)

--- case one of a list of values
--- origin PgHero
--- use shop
--- statement 100
SELECT * FROM customers WHERE city IN ($1, $2, $3)
--- expect missing_index customers (city)

--- case a table of few rows
--- origin PgHero
--- setup
CREATE TABLE colors (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 450)
INSERT INTO colors SELECT i, 'color' || i FROM n;
--- statement 100
SELECT * FROM colors WHERE name = $1
--- refuse colors small_table

--- case a column of two values
--- origin PgHero
--- use shop
--- statement 100
SELECT * FROM customers WHERE active = $1
--- refuse customers low_selectivity

--- case all rows in order
--- origin PgHero
--- held out
--- use shop
--- statement 100
SELECT * FROM orders ORDER BY placed_at
--- refuse orders no_condition

--- case an index whose first key serves
--- origin PgHero
--- use shop
--- setup
CREATE INDEX orders_customer ON orders (customer_id, placed_at);
--- statement 100
SELECT * FROM orders WHERE customer_id = $1
--- refuse orders already_served

--- case a unique column serves
--- origin PgHero
--- setup
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
INSERT INTO users SELECT i, 'u' || i FROM n;
--- statement 100
SELECT * FROM users WHERE email = $1
--- refuse users already_served

--- case a partial index that is not implied
--- origin reference
--- held out
--- use shop
--- setup
CREATE INDEX orders_open ON orders (customer_id) WHERE status = 'open';
--- statement 100
SELECT * FROM orders WHERE customer_id = $1
--- expect missing_index orders (customer_id)

--- case a table that is written far more than it is read
--- origin dexter's users
--- use shop
--- statement 100
SELECT * FROM orders WHERE customer_id = $1
--- statement 500000
INSERT INTO orders (customer_id, status, region_id, total, note, placed_at) VALUES ($1, $2, $3, $4, $5, $6)
--- refuse orders write_heavy

--- case a table without statistics
--- origin sqlite3_expert
--- setup
CREATE TABLE visits (id INTEGER PRIMARY KEY, page TEXT NOT NULL, visitor INTEGER NOT NULL, at INTEGER NOT NULL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
INSERT INTO visits SELECT i, 'page' || (i % 50), (i * 7919) % 3000, i FROM n;
--- statement 100
SELECT * FROM visits WHERE visitor = $1
--- expect missing_index visits (visitor)

--- case a foreign key without an index
--- origin splinter
--- use shop
--- setup
CREATE TABLE lines (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders (id));
--- expect unindexed_foreign_key lines (order_id)

--- case a foreign key whose columns an index has in another order
--- origin splinter, which demands the same order
--- held out
--- setup
CREATE TABLE parents (a INTEGER, b INTEGER, PRIMARY KEY (a, b));
CREATE TABLE children (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, FOREIGN KEY (a, b) REFERENCES parents (a, b));
CREATE INDEX children_parent ON children (b, a);

--- case the same index twice
--- origin PgHero
--- use shop
--- setup
CREATE INDEX orders_customer_a ON orders (customer_id);
CREATE INDEX orders_customer_b ON orders (customer_id);
--- expect duplicate_index orders orders_customer_b

--- case the beginning of another index
--- origin PgHero
--- use shop
--- setup
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX orders_customer_placed ON orders (customer_id, placed_at);
--- expect redundant_index orders orders_customer

--- case like indexes that are not the same
--- origin PgHero
--- use shop
--- setup
CREATE INDEX customers_name ON customers (name);
CREATE INDEX customers_name_nocase ON customers (name COLLATE NOCASE);
CREATE INDEX customers_name_active ON customers (name) WHERE active = 1;
CREATE INDEX customers_name_lower ON customers (lower(name));

--- case a table without row numbers
--- origin reference
--- setup
CREATE TABLE tags (product INTEGER NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (product, tag)) WITHOUT ROWID;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
INSERT INTO tags SELECT i, 'tag' || ((i * 7919) % 2000) FROM n;
--- statement 100
SELECT product FROM tags WHERE tag = $1
--- expect missing_index tags (tag)

--- case the greatest value of many rows
--- origin reference
--- held out
--- use shop
--- statement 100
SELECT max(placed_at) FROM orders WHERE status = $1
--- expect missing_index orders (status, placed_at DESC)

--- case a range in its order
--- origin sqlite3_expert
--- held out
--- use shop
--- statement 100
SELECT * FROM orders WHERE placed_at BETWEEN $1 AND $2 ORDER BY placed_at
--- expect missing_index orders (placed_at)

--- case one of those that a query finds
--- origin sqlite3_expert
--- held out
--- use shop
--- statement 100
SELECT * FROM orders WHERE customer_id IN (SELECT id FROM customers WHERE email = $1)
--- expect missing_index customers (email)
--- expect missing_index orders (customer_id)

--- case pages by key, where each index ends with the row's number and can be read backwards
--- origin reference
--- held out
--- use shop
--- statement 100
SELECT * FROM orders WHERE (placed_at, id) < ($1, $2) ORDER BY placed_at DESC, id DESC LIMIT 20
--- expect missing_index orders (placed_at)

--- case a count of everything
--- origin PgHero
--- held out
--- use shop
--- statement 100
SELECT count(*) FROM orders
--- refuse orders no_condition

--- case of two equal columns the one that finds few rows is enough
--- origin PgHero
--- held out
--- use shop
--- statement 100
SELECT * FROM orders WHERE region_id = $1 AND total = $2
--- expect missing_index orders (total)

--- case either of two values
--- origin sqlite3_expert
--- held out
--- use shop
--- statement 100
SELECT * FROM orders WHERE customer_id = $1 OR customer_id = $2
--- expect missing_index orders (customer_id)
