-- What the advisor has to find on PostgreSQL, and what it must not.
--
-- A case is a schema with rows, statements with how often they ran, and all the advice or refusals
-- that are expected of them: nothing else may be advised. `origin` names the tool whose published
-- behaviour a case restates; `held out` marks those that were written before the first run and that no
-- number of the advisor was chosen by.

--- fixture shop
CREATE TABLE customers (
    id BIGINT PRIMARY KEY, email TEXT NOT NULL, name TEXT NOT NULL, city TEXT NOT NULL,
    plan TEXT, active BOOLEAN NOT NULL, created_at BIGINT NOT NULL
);
INSERT INTO customers
    SELECT i, 'person' || i || '@example.com', 'Person ' || i, 'city' || i % 300,
        CASE WHEN i % 2 = 0 THEN 'plan' || i % 4 END, i % 2 = 0, (i * 48271) % 1000003
    FROM generate_series(1, 6000) i;
CREATE TABLE orders (
    id BIGINT PRIMARY KEY, customer_id BIGINT NOT NULL, status TEXT NOT NULL, region_id INT NOT NULL,
    total BIGINT NOT NULL, note TEXT NOT NULL, placed_at BIGINT NOT NULL, deleted_at BIGINT
);
INSERT INTO orders
    SELECT i, 1 + (i * 7919) % 6000,
        CASE WHEN i % 25 = 0 THEN 'open' WHEN i % 2 = 0 THEN 'paid' ELSE 'shipped' END,
        i % 12, (i * 31) % 10007, repeat('x', 40) || i, (i * 48271) % 1000003,
        CASE WHEN i % 20 = 0 THEN i END
    FROM generate_series(1, 30000) i;

--- fixture tickets
CREATE TABLE tickets (
    id BIGINT PRIMARY KEY, project INT NOT NULL, state TEXT NOT NULL, opened_at BIGINT NOT NULL,
    closed_at BIGINT, title TEXT NOT NULL
);
INSERT INTO tickets
    SELECT i, (i * 7919) % 200, 'state' || (i / 200) % 20, (i * 48271) % 1000003,
        CASE WHEN i % 50 = 0 THEN i END, repeat('t', 60) || i
    FROM generate_series(1, 30000) i;

--- fixture tenants
CREATE TABLE projects (
    tenant_id UUID NOT NULL, id UUID NOT NULL, status TEXT NOT NULL, owner_email TEXT NOT NULL,
    name TEXT NOT NULL, created_at BIGINT NOT NULL, archived_at BIGINT, PRIMARY KEY (tenant_id, id)
);
INSERT INTO projects
    SELECT md5('tenant' || i % 20)::uuid, md5('project' || i)::uuid, 'status' || (i / 20) % 4,
        'Owner' || i || '@example.com', repeat('n', 50) || i, (i * 48271) % 1000003,
        CASE WHEN i % 3 = 0 THEN i END
    FROM generate_series(1, 40000) i;
ALTER TABLE projects ENABLE ROW LEVEL SECURITY;
ALTER TABLE projects FORCE ROW LEVEL SECURITY;

--- fixture papers
CREATE TABLE papers (
    tenant_id UUID NOT NULL, id BIGINT NOT NULL, code VARCHAR(40) NOT NULL, title TEXT NOT NULL,
    content BYTEA NOT NULL, price NUMERIC(12, 2) NOT NULL, tags TEXT[] NOT NULL, PRIMARY KEY (tenant_id, id)
);
INSERT INTO papers
    SELECT md5('tenant' || i % 20)::uuid, i, 'code' || i, 'Title ' || i, decode(md5(i::text), 'hex'), i,
        ARRAY['tag' || i]
    FROM generate_series(1, 40000) i;
ALTER TABLE papers ENABLE ROW LEVEL SECURITY;
ALTER TABLE papers FORCE ROW LEVEL SECURITY;
CREATE POLICY isolation ON papers USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));

--- case the rows of one customer
--- origin dexter, index_advisor
--- use shop
--- statement 100
SELECT * FROM orders WHERE customer_id = $1
--- expect missing_index orders (customer_id)

--- case a row by its primary key
--- origin dexter
--- use shop
--- statement 100
SELECT * FROM orders WHERE id = $1
--- refuse orders already_served

--- case of two equal columns the one that finds a single row is enough
--- origin PgHero
--- use shop
--- statement 100
SELECT * FROM customers WHERE city = $1 AND email = $2
--- expect missing_index customers (email)

--- case two columns that only together leave few rows
--- origin dexter
--- use tickets
--- statement 100
SELECT * FROM tickets WHERE state = $1 AND project = $2
--- expect missing_index tickets (project, state)

--- case one of a list of values
--- origin PgHero
--- use shop
--- statement 100
SELECT * FROM customers WHERE city IN ($1, $2, $3)
--- expect missing_index customers (city)

--- case a range behind an equal column
--- origin PgHero
--- use tickets
--- statement 100
SELECT * FROM tickets WHERE opened_at BETWEEN $2 AND $3 AND project = $1
--- expect missing_index tickets (project, opened_at)

--- case a range alone
--- origin PgHero
--- held out
--- use shop
--- statement 100
SELECT * FROM orders WHERE placed_at BETWEEN $1 AND $2
--- expect missing_index orders (placed_at)

--- case the newest of one status
--- origin PgHero
--- use shop
--- statement 100
SELECT * FROM orders WHERE status = $1 ORDER BY placed_at DESC LIMIT 20
--- expect missing_index orders (status, placed_at DESC)

--- case an order in two directions
--- origin dexter, which skips it
--- use shop
--- statement 100
SELECT * FROM orders ORDER BY region_id DESC, placed_at LIMIT 20
--- expect missing_index orders (region_id DESC, placed_at)

--- case the order of one column for the first rows
--- origin PgHero
--- held out
--- use shop
--- statement 100
SELECT id, placed_at FROM orders ORDER BY placed_at LIMIT 10
--- expect missing_index orders (placed_at)

--- case an order that begins with a unique column
--- origin PgHero
--- use shop
--- statement 100
SELECT * FROM orders ORDER BY id, placed_at LIMIT 20
--- refuse orders already_served

--- case all rows in order
--- origin PgHero
--- use shop
--- statement 100
SELECT * FROM orders ORDER BY placed_at
--- refuse orders no_condition

--- case a table of few rows
--- origin PgHero
--- setup
CREATE TABLE colors (id BIGINT PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO colors SELECT i, 'color' || i FROM generate_series(1, 450) i;
--- statement 100
SELECT * FROM colors WHERE name = $1
--- refuse colors small_table

--- case a column of two values
--- origin PgHero
--- use shop
--- statement 100
SELECT * FROM customers WHERE active = $1
--- refuse customers low_selectivity

--- case all but one value
--- origin PgHero
--- use shop
--- statement 100
SELECT * FROM orders WHERE region_id <> $1
--- refuse orders low_selectivity

--- case none of a list
--- origin PgHero
--- held out
--- use shop
--- statement 100
SELECT * FROM customers WHERE city NOT IN ($1, $2)
--- refuse customers low_selectivity

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

--- case an index of the rows that are not deleted does not serve a statement for all
--- origin reference
--- held out
--- use shop
--- statement 100
SELECT * FROM orders WHERE customer_id = $1 AND deleted_at IS NULL
--- statement 100
SELECT * FROM orders WHERE customer_id = $1
--- expect missing_index orders (customer_id)

--- case rows where a column has a value at all
--- origin PgHero
--- use tickets
--- statement 100
SELECT * FROM tickets WHERE closed_at IS NOT NULL
--- expect missing_index tickets (closed_at) WHERE closed_at IS NOT NULL

--- case an expression
--- origin reference
--- use shop
--- statement 100
SELECT * FROM customers WHERE lower(email) = $1
--- expect missing_index customers (lower(email))

--- case an expression that has its index
--- origin reference
--- held out
--- use shop
--- setup
CREATE INDEX customers_email ON customers (lower(email));
--- statement 100
SELECT * FROM customers WHERE lower(email) = lower($1)
--- refuse customers already_served

--- case the beginning of a text
--- origin PgHero
--- use shop
--- statement 100
SELECT * FROM customers WHERE name LIKE 'Person 12%'
--- expect missing_index customers (name text_pattern_ops)

--- case a part of a text
--- origin PgHero
--- use shop
--- statement 100
SELECT * FROM orders WHERE note LIKE '%4711%'
--- expect missing_index orders USING gin (note gin_trgm_ops)

--- case a part of a text in any case
--- origin PgHero
--- held out
--- use shop
--- statement 100
SELECT * FROM orders WHERE note ILIKE '%x4711%'
--- expect missing_index orders USING gin (note gin_trgm_ops)

--- case a part of a text beside an equal column that leaves few rows
--- origin PgHero
--- use shop
--- statement 100
SELECT * FROM orders WHERE customer_id = $1 AND note LIKE '%4711%'
--- expect missing_index orders (customer_id)

--- case a pattern that nobody sees
--- origin reference
--- use shop
--- statement 100
SELECT * FROM customers WHERE name LIKE $1
--- refuse customers unknown_pattern

--- case a join from one row to many
--- origin dexter
--- use shop
--- statement 100
SELECT o.* FROM customers c JOIN orders o ON o.customer_id = c.id WHERE c.email = $1
--- expect missing_index customers (email)
--- expect missing_index orders (customer_id)

--- case a join written with commas, and a column that both tables could have
--- origin dexter
--- use shop
--- statement 100
SELECT c.name, total FROM customers c, orders o WHERE o.id = $1 AND c.id = o.customer_id AND region_id = $2
--- refuse customers already_served
--- refuse orders already_served

--- case a query with a name
--- origin dexter
--- use shop
--- statement 100
WITH mine AS (SELECT * FROM orders WHERE customer_id = $1) SELECT * FROM mine WHERE total > $2
--- expect missing_index orders (customer_id)

--- case a condition on the columns of a query with a name
--- origin dexter
--- held out
--- use shop
--- statement 100
WITH big (buyer, sum) AS (SELECT customer_id, total FROM orders WHERE total > 10) SELECT * FROM big WHERE buyer = $1
--- expect missing_index orders (customer_id)

--- case a view
--- origin dexter
--- use shop
--- setup
CREATE VIEW running AS SELECT id, customer_id AS buyer, total FROM orders WHERE status <> 'shipped';
--- statement 100
SELECT * FROM running WHERE buyer = $1
--- expect missing_index orders (customer_id)

--- case a view that is kept
--- origin dexter
--- use shop
--- setup
CREATE MATERIALIZED VIEW sums AS SELECT customer_id, sum(total) AS total FROM orders GROUP BY customer_id;
--- statement 100
SELECT * FROM sums WHERE customer_id = $1
--- expect missing_index sums (customer_id)

--- case an update
--- origin dexter
--- use shop
--- statement 100
UPDATE orders SET note = $1 WHERE customer_id = $2
--- expect missing_index orders (customer_id)

--- case a deletion
--- origin dexter
--- use shop
--- statement 100
DELETE FROM orders WHERE customer_id = $1
--- expect missing_index orders (customer_id)

--- case a deletion by a query
--- origin dexter
--- held out
--- use shop
--- statement 100
DELETE FROM orders WHERE customer_id IN (SELECT id FROM customers WHERE email = $1)
--- expect missing_index customers (email)
--- expect missing_index orders (customer_id)

--- case a row that is written
--- origin dexter
--- use shop
--- statement 100
INSERT INTO orders (id, customer_id, status, region_id, total, note, placed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)

--- case names in quotes
--- origin dexter
--- setup
CREATE TABLE "Line Items" ("Id" BIGINT PRIMARY KEY, "OrderId" BIGINT NOT NULL, "Text" TEXT NOT NULL);
INSERT INTO "Line Items" SELECT i, (i * 7919) % 5000, repeat('x', 60) FROM generate_series(1, 20000) i;
--- statement 100
SELECT * FROM "Line Items" AS l WHERE l."OrderId" = $1
--- expect missing_index "Line Items" ("OrderId")

--- case a table in a schema
--- origin dexter
--- setup
CREATE SCHEMA billing;
CREATE TABLE billing.invoices (id BIGINT PRIMARY KEY, account BIGINT NOT NULL, text TEXT NOT NULL);
INSERT INTO billing.invoices SELECT i, (i * 7919) % 5000, repeat('x', 60) FROM generate_series(1, 20000) i;
--- statement 100
SELECT * FROM billing.invoices WHERE account = $1
--- expect missing_index billing.invoices (account)

--- case a partitioned table, once
--- origin dexter, which says it twice
--- setup
CREATE TABLE readings (device INT NOT NULL, taken_at BIGINT NOT NULL, value TEXT NOT NULL) PARTITION BY RANGE (taken_at);
CREATE TABLE readings_1 PARTITION OF readings FOR VALUES FROM (0) TO (500000);
CREATE TABLE readings_2 PARTITION OF readings FOR VALUES FROM (500000) TO (2000000);
INSERT INTO readings SELECT (i * 7919) % 3000, (i * 48271) % 1000003, repeat('v', 60) FROM generate_series(1, 30000) i;
--- statement 100
SELECT * FROM readings WHERE device = $1
--- expect missing_index readings (device)

--- case an index whose first key serves
--- origin PgHero
--- use shop
--- setup
CREATE INDEX orders_customer ON orders (customer_id, placed_at);
--- statement 100
SELECT * FROM orders WHERE customer_id = $1
--- refuse orders already_served

--- case an index whose second key does not serve
--- origin PgHero
--- held out
--- use shop
--- setup
CREATE INDEX orders_region_customer ON orders (region_id, customer_id);
--- statement 100
SELECT * FROM orders WHERE customer_id = $1
--- expect missing_index orders (customer_id)

--- case a unique index serves
--- origin PgHero
--- use shop
--- setup
CREATE UNIQUE INDEX customers_email ON customers (email);
--- statement 100
SELECT * FROM customers WHERE email = $1
--- refuse customers already_served

--- case a hash serves what equals
--- origin PgHero
--- use shop
--- setup
CREATE INDEX orders_customer ON orders USING hash (customer_id);
--- statement 100
SELECT * FROM orders WHERE customer_id = $1
--- refuse orders already_served

--- case a hash gives no order
--- origin PgHero
--- use tickets
--- setup
CREATE INDEX tickets_project ON tickets USING hash (project);
--- statement 100
SELECT * FROM tickets WHERE project = $1 ORDER BY opened_at LIMIT 20
--- expect missing_index tickets (project, opened_at)

--- case a block range gives no order
--- origin PgHero
--- use shop
--- setup
CREATE INDEX orders_placed ON orders USING brin (placed_at);
--- statement 100
SELECT * FROM orders ORDER BY placed_at DESC LIMIT 10
--- expect missing_index orders (placed_at DESC)

--- case a partial index that is not implied
--- origin reference
--- use shop
--- setup
CREATE INDEX orders_open ON orders (customer_id) WHERE status = 'open';
--- statement 100
SELECT * FROM orders WHERE customer_id = $1
--- expect missing_index orders (customer_id)

--- case a partial index that is implied
--- origin reference
--- use shop
--- setup
CREATE INDEX orders_open ON orders (customer_id) WHERE status IN ('open', 'paid');
--- statement 100
SELECT * FROM orders WHERE customer_id = $1 AND status = 'open'
--- refuse orders already_served

--- case a table that is written far more than it is read
--- origin dexter's users
--- use shop
--- statement 100
SELECT * FROM orders WHERE customer_id = $1
--- statement 500000
INSERT INTO orders (id, customer_id, status, region_id, total, note, placed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
--- refuse orders write_heavy

--- case many writes, and a gain that is worth them
--- origin dexter's users
--- held out
--- use shop
--- statement 20000
SELECT * FROM orders WHERE customer_id = $1
--- statement 60000
INSERT INTO orders (id, customer_id, status, region_id, total, note, placed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
--- expect missing_index orders (customer_id)

--- case one index for two statements
--- origin pganalyze
--- use tickets
--- statement 100
SELECT * FROM tickets WHERE project = $1
--- statement 100
SELECT * FROM tickets WHERE project = $1 AND opened_at BETWEEN $2 AND $3
--- expect missing_index tickets (project, opened_at)

--- case either of two columns
--- origin sqlite3_expert
--- use shop
--- statement 100
SELECT * FROM orders WHERE customer_id = $1 OR total = $2
--- expect missing_index orders (customer_id), (total)

--- case the greatest value
--- origin reference
--- use shop
--- statement 100
SELECT max(placed_at) FROM orders WHERE customer_id = $1
--- expect missing_index orders (customer_id)

--- case the greatest value of many rows
--- origin reference
--- held out
--- use shop
--- statement 100
SELECT max(placed_at) FROM orders WHERE status = $1
--- expect missing_index orders (status, placed_at DESC)

--- case pages by key
--- origin reference
--- use shop
--- statement 100
SELECT * FROM orders WHERE (placed_at, id) < ($1, $2) ORDER BY placed_at DESC, id DESC LIMIT 20
--- expect missing_index orders (placed_at DESC, id DESC)

--- case rows that have others
--- origin reference
--- use shop
--- statement 100
SELECT * FROM customers c WHERE c.city = $1 AND EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id AND o.region_id <> $2)
--- expect missing_index customers (city)
--- expect missing_index orders (customer_id)

--- case a count of everything
--- origin PgHero
--- use shop
--- statement 100
SELECT count(*) FROM orders
--- refuse orders no_condition

--- case columns that are carried along
--- origin reference
--- setup
CREATE TABLE payments (id BIGINT PRIMARY KEY, account INT NOT NULL, amount BIGINT NOT NULL, text TEXT NOT NULL);
INSERT INTO payments SELECT i, (i * 7919) % 100, i % 977, repeat('x', 150) FROM generate_series(1, 30000) i;
--- statement 1000
SELECT sum(amount) FROM payments WHERE account = $1
--- expect missing_index payments (account) INCLUDE (amount)

--- case a foreign key without an index
--- origin splinter
--- use shop
--- setup
CREATE TABLE lines (id BIGINT PRIMARY KEY, order_id BIGINT NOT NULL REFERENCES orders (id));
INSERT INTO lines SELECT i, 1 + i % 30000 FROM generate_series(1, 5000) i;
--- expect unindexed_foreign_key lines (order_id)

--- case a foreign key whose columns an index has in another order
--- origin splinter, which demands the same order
--- setup
CREATE TABLE parents (a BIGINT, b BIGINT, PRIMARY KEY (a, b));
CREATE TABLE children (id BIGINT PRIMARY KEY, a BIGINT, b BIGINT, FOREIGN KEY (a, b) REFERENCES parents (a, b));
CREATE INDEX children_parent ON children (b, a);

--- case a foreign key with a partial index only
--- origin splinter, which takes it
--- use shop
--- setup
CREATE TABLE lines (id BIGINT PRIMARY KEY, order_id BIGINT REFERENCES orders (id), state TEXT);
CREATE INDEX lines_order ON lines (order_id) WHERE state = 'open';
--- expect unindexed_foreign_key lines (order_id)

--- case a foreign key with an index of the rows that name a parent
--- origin splinter
--- held out
--- use shop
--- setup
CREATE TABLE lines (id BIGINT PRIMARY KEY, order_id BIGINT REFERENCES orders (id));
CREATE INDEX lines_order ON lines (order_id) WHERE order_id IS NOT NULL;

--- case a foreign key of which some columns are unique
--- origin the platform
--- setup
CREATE TABLE parents (a BIGINT, b BIGINT, PRIMARY KEY (a, b));
CREATE TABLE children (a BIGINT, b BIGINT PRIMARY KEY, FOREIGN KEY (a, b) REFERENCES parents (a, b));

--- case rows from a place on, with few columns
--- origin the platform
--- use shop
--- setup
CREATE INDEX orders_placed ON orders (placed_at);
--- statement 100
SELECT placed_at, total FROM orders WHERE placed_at > $1 ORDER BY placed_at LIMIT 20
--- refuse orders already_served

--- case the same index twice
--- origin PgHero
--- use shop
--- setup
CREATE INDEX orders_customer_a ON orders (customer_id);
CREATE INDEX orders_customer_b ON orders (customer_id);
--- expect duplicate_index orders orders_customer_b

--- case an index beside a unique one of the same column
--- origin splinter
--- use shop
--- setup
CREATE UNIQUE INDEX customers_email_unique ON customers (email);
CREATE INDEX customers_email ON customers (email);
--- expect duplicate_index customers customers_email

--- case the beginning of another index
--- origin PgHero
--- use shop
--- setup
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX orders_customer_placed ON orders (customer_id, placed_at);
--- expect redundant_index orders orders_customer

--- case a unique index that is the beginning of another
--- origin PgHero
--- held out
--- use shop
--- setup
CREATE UNIQUE INDEX customers_email ON customers (email);
CREATE INDEX customers_email_name ON customers (email, name);

--- case like indexes that are not the same
--- origin PgHero
--- use shop
--- setup
CREATE INDEX customers_name ON customers (name);
CREATE INDEX customers_name_pattern ON customers (name text_pattern_ops);
CREATE INDEX customers_name_c ON customers (name COLLATE "C");
CREATE INDEX customers_name_active ON customers (name) WHERE active;
CREATE INDEX customers_name_lower ON customers (lower(name));
CREATE INDEX customers_name_city ON customers (name) INCLUDE (city);
CREATE INDEX customers_name_hash ON customers USING hash (name);

--- case an index that nothing uses
--- origin PgHero
--- use shop
--- option unused
--- setup
CREATE INDEX orders_total ON orders (total);
--- expect unused_index orders orders_total

--- case unique indexes and those of foreign keys are never unused
--- origin splinter
--- use shop
--- option unused
--- setup
CREATE UNIQUE INDEX customers_email ON customers (email);
CREATE TABLE lines (id BIGINT PRIMARY KEY, order_id BIGINT NOT NULL REFERENCES orders (id));
INSERT INTO lines SELECT i, 1 + i % 30000 FROM generate_series(1, 30000) i;
CREATE INDEX lines_order ON lines (order_id);

--- case counts that are too young to tell
--- origin reference
--- use shop
--- setup
CREATE INDEX orders_total ON orders (total);
--- expect young_counts

--- case an index whose making failed
--- origin PgHero
--- use shop
--- setup
CREATE INDEX orders_total ON orders (total);
--- superuser
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'orders_total'::regclass;
--- expect invalid_index orders orders_total

--- case the newest of one status within a tenant
--- origin reference
--- use tenants
--- setup
CREATE POLICY isolation ON projects USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
--- statement 100
SELECT * FROM projects WHERE status = $1 ORDER BY created_at DESC LIMIT 20
--- expect missing_index projects (tenant_id, status, created_at DESC)

--- case one row of a tenant by another column
--- origin reference
--- held out
--- use tenants
--- setup
CREATE POLICY isolation ON projects USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
--- statement 100
SELECT * FROM projects WHERE owner_email = $1
--- expect missing_index projects (tenant_id, owner_email)

--- case a policy with another way round
--- origin reference
--- use tenants
--- setup
CREATE POLICY wide ON projects USING (current_setting('app.support', true) = 'on' OR tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
--- expect policy_defeats_indexes projects wide

--- case a second policy of which a row need meet only one
--- origin splinter
--- use tenants
--- setup
CREATE POLICY isolation ON projects USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
CREATE POLICY open ON projects FOR SELECT USING (status = 'open');
--- expect policy_defeats_indexes projects open

--- case a second policy that a row has to meet as well
--- origin splinter
--- use tenants
--- setup
CREATE POLICY isolation ON projects USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
CREATE POLICY open ON projects AS RESTRICTIVE USING (status = 'open');
--- statement 100
SELECT * FROM projects WHERE owner_email = $1
--- expect missing_index projects (tenant_id, owner_email)
--- expect policy_per_row projects wide

--- case a policy that asks for each row
--- origin splinter
--- use tenants
--- setup
CREATE POLICY isolation ON projects USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
--- expect policy_per_row projects isolation

--- case a login that no policy binds
--- origin reference
--- use tenants
--- option superuser
--- setup
CREATE POLICY isolation ON projects USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
--- expect unbound_login

--- case a tenant's table that is not arranged by tenant
--- origin reference
--- setup
CREATE TABLE memos (id UUID PRIMARY KEY, tenant_id UUID NOT NULL, text TEXT NOT NULL);
INSERT INTO memos SELECT md5('m' || i)::uuid, md5('t' || i % 20)::uuid, 'memo' FROM generate_series(1, 2000) i;
ALTER TABLE memos ENABLE ROW LEVEL SECURITY;
CREATE POLICY isolation ON memos USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
--- expect tenant_not_leading memos

--- case the tenant alone beside a key that begins with it
--- origin reference
--- use tenants
--- setup
CREATE POLICY isolation ON projects USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
CREATE INDEX projects_tenant ON projects (tenant_id);
--- expect bare_tenant_index projects projects_tenant

--- case a name that two tenants cannot both have
--- origin reference
--- use tenants
--- setup
CREATE POLICY isolation ON projects USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
CREATE UNIQUE INDEX projects_name ON projects (name);
--- expect unique_without_tenant projects projects_name

--- case a document by its digest within a tenant, by a function that tells nothing of what it sees
--- origin reference
--- use papers
--- statement 100
SELECT * FROM papers WHERE md5(content) = $1
--- expect missing_index papers (tenant_id, md5(content))

--- case an amount in decimal numbers within a tenant, of which comparing tells something
--- origin reference
--- use papers
--- statement 100
SELECT * FROM papers WHERE price = $1
--- refuse papers held_back

--- case one of a few words within a tenant, of which comparing tells something
--- origin reference
--- use papers
--- statement 100
SELECT * FROM papers WHERE tags = $1
--- refuse papers held_back

--- case a word of limited length within a tenant
--- origin reference
--- use papers
--- statement 100
SELECT * FROM papers WHERE code = $1
--- expect missing_index papers (tenant_id, code)

--- case a pattern within a tenant, on a server that was told to trust patterns
--- origin reference
--- use papers
--- superuser
ALTER FUNCTION textlike(text, text) LEAKPROOF;
--- statement 100
SELECT * FROM papers WHERE title LIKE 'Title 123%'
--- expect missing_index papers (tenant_id, title text_pattern_ops)

--- case the same statement for a schema each
--- origin reference
--- setup
DO $$ BEGIN FOR i IN 1..4 LOOP
    EXECUTE format('CREATE SCHEMA shop%s', i);
    EXECUTE format('CREATE TABLE shop%s.carts (id BIGINT PRIMARY KEY, customer BIGINT NOT NULL, note TEXT NOT NULL)', i);
    EXECUTE format('INSERT INTO shop%s.carts SELECT n, (n * 7919) %% 2000, repeat(''c'', 60) FROM generate_series(1, 8000) n', i);
END LOOP; END $$;
--- statement 100
SELECT * FROM shop1.carts WHERE customer = $1
--- statement 300
SELECT * FROM shop2.carts WHERE customer = $1
--- statement 200
SELECT * FROM shop4.carts WHERE customer = $1
--- expect missing_index shop1.carts (customer)

--- case a schema for each tenant, of which one differs
--- origin reference
--- setup
DO $$ BEGIN FOR i IN 1..5 LOOP
    EXECUTE format('CREATE SCHEMA shop%s', i);
    EXECUTE format('CREATE TABLE shop%s.notes (id BIGINT PRIMARY KEY)', i);
    EXECUTE format('CREATE TABLE shop%s.replies (id BIGINT PRIMARY KEY, note_id BIGINT REFERENCES shop%s.notes (id), at BIGINT)', i, i);
END LOOP; END $$;
CREATE INDEX replies_at ON shop3.replies (at);
--- expect unindexed_foreign_key shop1.replies (note_id)
--- expect drifted_schema replies

--- case two queries in one
--- origin reference
--- held out
--- use shop
--- statement 100
SELECT * FROM orders WHERE customer_id = $1 UNION ALL SELECT * FROM orders WHERE region_id = $2 AND total = $3
--- expect missing_index orders (customer_id)
--- expect missing_index orders (total)

--- case a join that keeps rows without a match
--- origin dexter
--- held out
--- use shop
--- statement 100
SELECT c.name, o.total FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE c.id = $1
--- expect missing_index orders (customer_id)

--- case a condition on what a query groups by
--- origin reference
--- held out
--- use shop
--- statement 100
SELECT * FROM (SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id) x WHERE x.customer_id = $1
--- expect missing_index orders (customer_id)

--- case rows that have no others
--- origin reference
--- held out
--- use shop
--- statement 100
SELECT * FROM customers c WHERE c.email = $1 AND NOT EXISTS (SELECT 1 FROM orders WHERE orders.customer_id = c.id)
--- expect missing_index customers (email)
--- expect missing_index orders (customer_id)

--- case a table joined to itself by a column of one name
--- origin reference
--- held out
--- use tickets
--- statement 100
SELECT b.* FROM tickets a JOIN tickets b USING (project) WHERE a.id = $1
--- expect missing_index tickets (project)

--- case an expression of numbers
--- origin reference
--- held out
--- use shop
--- statement 100
SELECT * FROM orders WHERE total % 100 = $1
--- expect missing_index orders ((total % 100))

--- case one index for a column, and for it with another
--- origin pganalyze
--- held out
--- use tickets
--- statement 100
SELECT * FROM tickets WHERE project = $1
--- statement 100
SELECT * FROM tickets WHERE state = $1 AND project = $2
--- expect missing_index tickets (project, state)

--- case a join by primary keys
--- origin dexter
--- held out
--- use shop
--- statement 100
SELECT * FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.id = $1
--- refuse orders already_served
--- refuse customers already_served

--- case a deletion by another table
--- origin dexter
--- held out
--- use shop
--- statement 100
DELETE FROM orders USING customers c WHERE orders.customer_id = c.id AND c.email = $1
--- expect missing_index customers (email)
--- expect missing_index orders (customer_id)

--- case a count for each group
--- origin PgHero
--- held out
--- use shop
--- statement 100
SELECT region_id, count(*) FROM orders GROUP BY region_id
--- refuse orders no_condition

--- case an order that says where empty values stand
--- origin reference
--- held out
--- use shop
--- statement 100
SELECT * FROM orders ORDER BY deleted_at DESC NULLS LAST LIMIT 10
--- expect missing_index orders (deleted_at DESC NULLS LAST)

--- case either of two values
--- origin sqlite3_expert
--- held out
--- use shop
--- statement 100
SELECT * FROM orders WHERE customer_id = $1 OR customer_id = $2
--- expect missing_index orders (customer_id)
