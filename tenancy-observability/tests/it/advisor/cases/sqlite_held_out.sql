-- Cases on SQLite that were written from the published behaviour of other advisors alone, before their
-- first run: see the file for PostgreSQL. Of the first thirty, half want no advice.

--- fixture forum
CREATE TABLE users (
    id INTEGER PRIMARY KEY, email TEXT NOT NULL, handle TEXT NOT NULL, nick TEXT NOT NULL COLLATE NOCASE,
    country INTEGER NOT NULL, login_attempts INTEGER NOT NULL, zip TEXT, is_admin INTEGER NOT NULL
);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
INSERT INTO users SELECT i, 'user' || i || '@example.org', 'handle' || i, 'Nick' || i, i % 40, (i / 40) % 30,
    CASE WHEN i % 10 <> 0 THEN 'zip' || (i % 50) END, i % 2 FROM n;
CREATE TABLE posts (
    id INTEGER PRIMARY KEY, blog_id INTEGER NOT NULL, author_id INTEGER NOT NULL, slug TEXT NOT NULL,
    state TEXT NOT NULL, published_at INTEGER NOT NULL, views INTEGER NOT NULL, body TEXT NOT NULL
);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 15000)
INSERT INTO posts SELECT i, (i / 3) % 100, 1 + (i * 7919) % 3000, 'post-' || i,
    CASE WHEN i % 30 = 0 THEN 'queued' WHEN i % 2 = 0 THEN 'published' ELSE 'draft' END,
    (i * 48271) % 1000003, (i * 31) % 10007, 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb' || i FROM n;
CREATE TABLE comments (
    id INTEGER PRIMARY KEY, post_id INTEGER NOT NULL, author_id INTEGER NOT NULL, at INTEGER NOT NULL,
    body TEXT NOT NULL
);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
INSERT INTO comments SELECT i, 1 + (i * 7919) % 15000, 1 + (i * 104729) % 3000, (i * 48271) % 1000003,
    'cccccccccccccccccccccccccccccccc' || i FROM n;
CREATE TABLE folders (id INTEGER PRIMARY KEY, parent_id INTEGER, name TEXT NOT NULL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
INSERT INTO folders SELECT i, nullif(i / 4, 0), 'folder' || i FROM n;
ANALYZE;

--- fixture example
CREATE TABLE example (a INTEGER, b INTEGER, c TEXT, PRIMARY KEY (a, b));
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
INSERT INTO example SELECT i % 2000, (i * 7919) % 2500, 'text' || i FROM n WHERE true ON CONFLICT DO NOTHING;
ANALYZE;

--- case a range of texts in any case
--- origin sqlite3_expert
--- held out
--- use forum
--- statement 100
SELECT * FROM users WHERE handle COLLATE NOCASE BETWEEN $1 AND $2
--- expect missing_index users (handle COLLATE NOCASE)

--- case an equal column that knows no case
--- origin sqlite3_expert
--- held out
--- use forum
--- statement 100
SELECT * FROM users WHERE nick = $1
--- expect missing_index users (nick)

--- case names with spaces and a word of the language
--- origin sqlite3_expert
--- held out
--- setup
CREATE TABLE "time sheets" (id INTEGER PRIMARY KEY, "worker id" INTEGER NOT NULL, "index" TEXT NOT NULL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
INSERT INTO "time sheets" SELECT i, (i * 7919) % 2000, 'text' || i FROM n;
ANALYZE;
--- statement 100
SELECT * FROM "time sheets" WHERE "worker id" = $1
--- statement 100
SELECT * FROM "time sheets" WHERE "index" = $1
--- expect missing_index "time sheets" ("worker id")
--- expect missing_index "time sheets" ("index")

--- case either an author or a name
--- origin sqlite3_expert
--- held out
--- use forum
--- statement 100
SELECT * FROM posts WHERE author_id = $1 OR slug = $2
--- expect missing_index posts (author_id), (slug)

--- case what a trigger looks for
--- origin sqlite3_expert
--- held out
--- use forum
--- setup
CREATE TABLE tallies (id INTEGER PRIMARY KEY, post_ref INTEGER NOT NULL, n INTEGER NOT NULL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 15000)
INSERT INTO tallies SELECT i, i, 0 FROM n;
CREATE TRIGGER tally AFTER INSERT ON comments BEGIN
    UPDATE tallies SET n = n + 1 WHERE post_ref = new.post_id;
END;
ANALYZE;
--- statement 1000
INSERT INTO comments (post_id, author_id, at, body) VALUES ($1, $2, $3, $4)
--- expect missing_index tallies (post_ref)

--- case the second column of a primary key
--- origin sqlite3_expert
--- held out
--- use example
--- statement 100
SELECT * FROM example WHERE b = $1
--- expect missing_index example (b)

--- case a column that is computed
--- origin sqlite3_expert
--- held out
--- setup
CREATE TABLE things (id INTEGER PRIMARY KEY, data TEXT NOT NULL, code TEXT GENERATED ALWAYS AS (hex(id)) VIRTUAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
INSERT INTO things (id, data) SELECT i, 'data' || i FROM n;
ANALYZE;
--- statement 100
SELECT * FROM things WHERE code = $1
--- expect missing_index things (code)

--- case an equal column in the order of the row's number
--- origin sqlite3_expert
--- held out
--- use forum
--- statement 100
SELECT * FROM comments WHERE author_id = $1 ORDER BY rowid
--- expect missing_index comments (author_id)

--- case a field of a document
--- origin reference
--- held out
--- setup
CREATE TABLE events (id INTEGER PRIMARY KEY, data TEXT NOT NULL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
INSERT INTO events SELECT i, json_object('kind', 'kind' || ((i * 7919) % 2000), 'n', i) FROM n;
ANALYZE;
--- statement 100
SELECT * FROM events WHERE json_extract(data, '$.kind') = $1
--- expect missing_index events (json_extract(data, '$.kind'))

--- case the beginning of a text by its bytes
--- origin reference
--- held out
--- use forum
--- statement 100
SELECT * FROM users WHERE handle GLOB 'handle119*'
--- expect missing_index users (handle)

--- case two columns of a hundred rows each that together leave ten
--- origin PgHero
--- held out
--- use forum
--- statement 100
SELECT * FROM users WHERE login_attempts = $1 AND country = $2
--- expect missing_index users (country, login_attempts)

--- case a chain of three tables
--- origin dexter
--- held out
--- use forum
--- statement 100
SELECT c.* FROM users u JOIN posts p ON p.author_id = u.id JOIN comments c ON c.post_id = p.id WHERE u.email = $1
--- expect missing_index users (email)
--- expect missing_index posts (author_id)
--- expect missing_index comments (post_id)

--- case the oldest of a queue of few
--- origin reference
--- held out
--- use forum
--- statement 1000
SELECT * FROM posts WHERE state = 'queued' ORDER BY published_at LIMIT 10
--- expect missing_index posts (published_at) WHERE state = 'queued'

--- case all that is under a folder
--- origin reference
--- held out
--- use forum
--- statement 100
WITH RECURSIVE under(id) AS (SELECT $1 UNION ALL SELECT f.id FROM folders f JOIN under ON f.parent_id = under.id) SELECT * FROM under
--- expect missing_index folders (parent_id)

--- case an index beside the unique constraint of the same column
--- origin splinter
--- held out
--- setup
CREATE TABLE members (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE);
CREATE INDEX members_email ON members (email);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
INSERT INTO members SELECT i, 'm' || i FROM n;
--- expect duplicate_index members members_email

--- case all rows
--- origin sqlite3_expert
--- held out
--- use forum
--- statement 100
SELECT * FROM posts
--- refuse posts no_condition

--- case a row by the name of its number
--- origin sqlite3_expert
--- held out
--- use forum
--- statement 100
SELECT * FROM posts WHERE rowid = $1
--- refuse posts already_served

--- case all rows in the order of their numbers
--- origin sqlite3_expert
--- held out
--- use forum
--- statement 100
SELECT * FROM posts ORDER BY rowid LIMIT 20

--- case a column that nearly always has a value
--- origin sqlite3_expert
--- held out
--- use forum
--- statement 100
SELECT * FROM users WHERE zip IS NOT NULL

--- case the first column of a primary key
--- origin sqlite3_expert
--- held out
--- use example
--- statement 100
SELECT * FROM example WHERE a = $1
--- refuse example already_served

--- case a range behind the first column of a primary key
--- origin sqlite3_expert
--- held out
--- use example
--- statement 100
SELECT * FROM example WHERE a = $1 AND b > $2
--- refuse example already_served

--- case the end of a text
--- origin reference
--- held out
--- use forum
--- statement 100
SELECT * FROM users WHERE email LIKE '%@example.net'

--- case a part of a text by its bytes
--- origin reference
--- held out
--- use forum
--- statement 100
SELECT * FROM users WHERE handle GLOB '*119*'

--- case a table of the engine
--- origin PgHero
--- held out
--- use forum
--- statement 100
SELECT sql FROM sqlite_master WHERE name = $1

--- case an index that is read backwards
--- origin reference
--- held out
--- use forum
--- setup
CREATE INDEX posts_newest ON posts (blog_id, published_at DESC);
ANALYZE;
--- statement 100
SELECT * FROM posts WHERE blog_id = $1 ORDER BY published_at LIMIT 10
--- refuse posts already_served

--- case a row that is written unless its name is taken
--- origin PgHero
--- held out
--- use forum
--- setup
CREATE UNIQUE INDEX posts_slug ON posts (slug);
--- statement 100
INSERT INTO posts (blog_id, author_id, slug, state, published_at, views, body) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (slug) DO UPDATE SET body = excluded.body

--- case the few values of a column
--- origin PgHero
--- held out
--- use forum
--- statement 100
SELECT DISTINCT state FROM posts
--- refuse posts no_condition

--- case a column that changes far more than it is asked for
--- origin pganalyze
--- held out
--- use forum
--- statement 100
SELECT * FROM posts WHERE views = $1
--- statement 500000
UPDATE posts SET views = $1 WHERE id = $2
--- refuse posts write_heavy

--- case a partial index beside a longer one of all rows
--- origin reference
--- held out
--- use forum
--- setup
CREATE INDEX posts_queued ON posts (blog_id) WHERE state = 'queued';
CREATE INDEX posts_blog ON posts (blog_id, published_at);

--- case the newest number by its index
--- origin reference
--- held out
--- use forum
--- setup
CREATE INDEX posts_published ON posts (published_at);
ANALYZE;
--- statement 100
SELECT max(published_at) FROM posts
--- refuse posts already_served

--- case a person by either of two names
--- origin sqlite3_expert
--- held out
--- use forum
--- statement 100
SELECT * FROM users WHERE email = $1 OR handle = $1
--- expect missing_index users (email), (handle)

--- case a hundred rows of one blog after another
--- origin the batches of Rails
--- held out
--- use forum
--- statement 100
SELECT * FROM posts WHERE blog_id = $1 AND id > $2 ORDER BY id LIMIT 100
--- expect missing_index posts (blog_id)

--- case two columns that are compared as one
--- origin reference
--- held out
--- use forum
--- statement 100
SELECT * FROM posts WHERE (author_id, blog_id) = ($1, $2)
--- expect missing_index posts (author_id)

--- case a number that is counted anew
--- origin reference
--- held out
--- use forum
--- statement 100
UPDATE posts SET views = (SELECT count(*) FROM comments WHERE comments.post_id = posts.id) WHERE id = $1
--- expect missing_index comments (post_id)

--- case a deletion by a query
--- origin dexter
--- held out
--- use forum
--- statement 100
DELETE FROM comments WHERE post_id IN (SELECT id FROM posts WHERE author_id = $1)
--- expect missing_index posts (author_id)
--- expect missing_index comments (post_id)

--- case a trigger for one column
--- origin sqlite3_expert
--- held out
--- use forum
--- setup
CREATE TABLE feeds (id INTEGER PRIMARY KEY, post_ref INTEGER NOT NULL, text TEXT NOT NULL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 15000)
INSERT INTO feeds SELECT i, i, 'text' FROM n;
CREATE TRIGGER withdraw AFTER UPDATE OF state ON posts WHEN new.state = 'hidden' BEGIN
    SELECT raise(ABORT, 'hidden before') WHERE old.state = 'hidden';
    DELETE FROM feeds WHERE post_ref = old.id;
END;
ANALYZE;
--- statement 1000
UPDATE posts SET state = 'hidden' WHERE id = $1
--- expect missing_index feeds (post_ref)

--- case a trigger for another column
--- origin sqlite3_expert
--- held out
--- use forum
--- setup
CREATE TABLE feeds (id INTEGER PRIMARY KEY, post_ref INTEGER NOT NULL, text TEXT NOT NULL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 15000)
INSERT INTO feeds SELECT i, i, 'text' FROM n;
CREATE TRIGGER withdraw AFTER UPDATE OF state ON posts BEGIN
    DELETE FROM feeds WHERE post_ref = old.id;
END;
ANALYZE;
--- statement 1000
UPDATE posts SET views = views + 1 WHERE id = $1
--- refuse posts already_served

--- case the beginning of a text that its index serves
--- origin sqlite3_expert
--- held out
--- use forum
--- setup
CREATE INDEX users_handle ON users (handle COLLATE NOCASE);
ANALYZE;
--- statement 100
SELECT * FROM users WHERE handle LIKE 'handle119%'
--- refuse users already_served

--- case a queue that has its index
--- origin reference
--- held out
--- use forum
--- setup
CREATE INDEX posts_queue ON posts (published_at) WHERE state = 'queued';
ANALYZE;
--- statement 1000
SELECT * FROM posts WHERE state = 'queued' ORDER BY published_at LIMIT 10
--- refuse posts already_served

--- case a row that replaces another
--- origin PgHero
--- held out
--- use forum
--- statement 100
REPLACE INTO posts (id, blog_id, author_id, slug, state, published_at, views, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

--- case a key of a table without row numbers
--- origin sqlite3_expert
--- held out
--- setup
CREATE TABLE tags (product INTEGER NOT NULL, tag TEXT NOT NULL, PRIMARY KEY (product, tag)) WITHOUT ROWID;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
INSERT INTO tags SELECT i / 5, 'tag' || i FROM n;
ANALYZE;
--- statement 100
SELECT * FROM tags WHERE product = $1
--- refuse tags already_served

--- case an order that an index gives behind an equal column
--- origin sqlite3_expert
--- held out
--- use forum
--- setup
CREATE INDEX posts_author ON posts (author_id, published_at, id);
ANALYZE;
--- statement 100
SELECT * FROM posts WHERE author_id = $1 ORDER BY published_at DESC, id DESC
--- refuse posts already_served
