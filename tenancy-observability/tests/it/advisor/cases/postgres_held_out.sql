-- Cases on PostgreSQL that were written from the published behaviour of other advisors alone, before
-- their first run: see the other file for what a case is. Of the first thirty, half want no advice.

--- fixture forum
CREATE TABLE users (
    id BIGINT PRIMARY KEY, email TEXT NOT NULL, handle TEXT COLLATE "C" NOT NULL, country INT NOT NULL,
    login_attempts INT NOT NULL, zip TEXT, is_admin BOOLEAN NOT NULL, created_at BIGINT NOT NULL
);
INSERT INTO users
    SELECT i, 'user' || i || '@example.org', 'handle' || i, i % 40, (i / 40) % 30,
        CASE WHEN i % 10 <> 0 THEN 'zip' || i % 50 END, i % 199 = 0, (i * 48271) % 1000003
    FROM generate_series(1, 12000) i;
CREATE TABLE blogs (id BIGINT PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO blogs SELECT i, 'blog' || i FROM generate_series(0, 99) i;
CREATE TABLE posts (
    id BIGINT PRIMARY KEY, blog_id BIGINT NOT NULL, author_id BIGINT NOT NULL, slug TEXT NOT NULL,
    state TEXT NOT NULL, published_at BIGINT NOT NULL, views BIGINT NOT NULL, body TEXT NOT NULL
);
INSERT INTO posts
    SELECT i, (i / 3) % 100, 1 + (i * 7919) % 6000, 'post-' || i,
        CASE WHEN i % 30 = 0 THEN 'queued' WHEN i % 2 = 0 THEN 'published' ELSE 'draft' END,
        (i * 48271) % 1000003, (i * 31) % 10007, repeat('b', 80) || i
    FROM generate_series(1, 30000) i;
CREATE TABLE comments (
    id BIGINT PRIMARY KEY, post_id BIGINT NOT NULL, author_id BIGINT NOT NULL, at BIGINT NOT NULL,
    body TEXT NOT NULL
);
INSERT INTO comments
    SELECT i, 1 + (i * 7919) % 30000, 1 + (i::bigint * 104729) % 6000, (i * 48271) % 1000003, repeat('c', 60) || i
    FROM generate_series(1, 40000) i;
CREATE TABLE folders (id BIGINT PRIMARY KEY, parent_id BIGINT, name TEXT NOT NULL);
INSERT INTO folders SELECT i, nullif(i / 4, 0), 'folder' || i FROM generate_series(1, 20000) i;

--- fixture documents
CREATE TABLE docs (
    tenant_id UUID NOT NULL, id UUID NOT NULL, folder INT NOT NULL, kind TEXT NOT NULL,
    title TEXT NOT NULL, updated_at BIGINT NOT NULL, PRIMARY KEY (tenant_id, id)
);
INSERT INTO docs
    SELECT md5('tenant' || i % 20)::uuid, md5('doc' || i)::uuid, (i / 20) % 200, 'kind' || (i / 20) % 3,
        repeat('t', 60) || i, (i * 48271) % 1000003
    FROM generate_series(1, 40000) i;
CREATE TABLE revisions (
    tenant_id UUID NOT NULL, id UUID NOT NULL, doc_id UUID NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
INSERT INTO revisions
    SELECT md5('tenant' || i % 20)::uuid, md5('revision' || i)::uuid,
        md5('doc' || 1 + (i + i / 20 * 20) % 40000)::uuid, repeat('r', 80) || i
    FROM generate_series(1, 60000) i;
ALTER TABLE docs ENABLE ROW LEVEL SECURITY;
ALTER TABLE docs FORCE ROW LEVEL SECURITY;
ALTER TABLE revisions ENABLE ROW LEVEL SECURITY;
ALTER TABLE revisions FORCE ROW LEVEL SECURITY;
CREATE POLICY isolation ON docs USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
CREATE POLICY isolation ON revisions USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));

--- case two columns of a hundred rows each that together leave ten
--- origin PgHero
--- held out
--- use forum
--- statement 100
SELECT * FROM users WHERE login_attempts = $1 AND country = $2
--- expect missing_index users (country, login_attempts)

--- case an equal column and a range that is open at one end
--- origin PgHero
--- held out
--- use forum
--- statement 100
SELECT * FROM posts WHERE published_at > $1 AND blog_id = $2 ORDER BY published_at LIMIT 50
--- expect missing_index posts (blog_id, published_at)

--- case an update of one row by a name
--- origin dexter
--- held out
--- use forum
--- statement 100
UPDATE posts SET views = views + 1 WHERE slug = $1
--- expect missing_index posts (slug)

--- case a condition on all that a query with a name finds
--- origin dexter
--- held out
--- use forum
--- statement 100
WITH cte AS (SELECT * FROM posts) SELECT * FROM cte WHERE slug = $1
--- expect missing_index posts (slug)

--- case a query with a name that is not to be kept
--- origin dexter
--- held out
--- use forum
--- statement 100
WITH cte AS NOT MATERIALIZED (SELECT * FROM posts) SELECT * FROM cte WHERE author_id = $1
--- expect missing_index posts (author_id)

--- case the newest few of one blog by a query at its side
--- origin reference
--- held out
--- use forum
--- statement 100
SELECT b.name, p.* FROM blogs b CROSS JOIN LATERAL (SELECT * FROM posts WHERE posts.blog_id = b.id ORDER BY posts.published_at DESC LIMIT 3) p WHERE b.id = $1
--- expect missing_index posts (blog_id, published_at DESC)

--- case one of an array's values
--- origin index_advisor
--- held out
--- use forum
--- statement 100
SELECT * FROM posts WHERE author_id = ANY($1)
--- expect missing_index posts (author_id)

--- case pages by key within one blog
--- origin reference
--- held out
--- use forum
--- statement 100
SELECT * FROM posts WHERE blog_id = $1 AND (published_at, id) < ($2, $3) ORDER BY published_at DESC, id DESC LIMIT 20
--- expect missing_index posts (blog_id, published_at DESC, id DESC)

--- case a chain of three tables
--- origin dexter
--- held out
--- use forum
--- statement 100
SELECT c.* FROM users u JOIN posts p ON p.author_id = u.id JOIN comments c ON c.post_id = p.id WHERE u.email = $1
--- expect missing_index users (email)
--- expect missing_index posts (author_id)
--- expect missing_index comments (post_id)

--- case an update by another table
--- origin dexter
--- held out
--- use forum
--- statement 100
UPDATE posts SET state = 'hidden' FROM users u WHERE posts.author_id = u.id AND u.email = $1
--- expect missing_index users (email)
--- expect missing_index posts (author_id)

--- case the oldest of a queue of few
--- origin reference
--- held out
--- use forum
--- statement 1000
SELECT * FROM posts WHERE state = 'queued' ORDER BY published_at LIMIT 10 FOR UPDATE SKIP LOCKED
--- expect missing_index posts (published_at) WHERE state = 'queued'

--- case all that is under a folder
--- origin reference
--- held out
--- use forum
--- statement 100
WITH RECURSIVE under AS (SELECT id FROM folders WHERE id = $1 UNION ALL SELECT f.id FROM folders f JOIN under ON f.parent_id = under.id) SELECT * FROM under
--- expect missing_index folders (parent_id)

--- case the beginning of a text that is sorted by bytes
--- origin reference
--- held out
--- use forum
--- statement 100
SELECT * FROM users WHERE handle LIKE 'handle119%'
--- expect missing_index users (handle)

--- case one folder of a tenant
--- origin reference
--- held out
--- use documents
--- statement 100
SELECT * FROM docs WHERE folder = $1
--- expect missing_index docs (tenant_id, folder)

--- case the parts of one document of a tenant
--- origin dexter
--- held out
--- use documents
--- statement 100
SELECT r.body FROM docs d JOIN revisions r ON r.doc_id = d.id WHERE d.id = $1
--- expect missing_index revisions (tenant_id, doc_id)

--- case a query with a name that is to be kept
--- origin dexter
--- held out
--- use forum
--- statement 100
WITH cte AS MATERIALIZED (SELECT * FROM posts) SELECT * FROM cte WHERE slug = $1

--- case no table at all
--- origin dexter
--- held out
--- use forum
--- statement 100
SELECT 1

--- case a table of the server
--- origin PgHero
--- held out
--- use forum
--- statement 100
SELECT count(*) AS count FROM pg_extension WHERE extname = $1

--- case a hash serves each of a list
--- origin PgHero
--- held out
--- use forum
--- setup
CREATE INDEX users_email ON users USING hash (email);
--- statement 100
SELECT * FROM users WHERE email IN ($1, $2)
--- refuse users already_served

--- case the first column of a primary key
--- origin sqlite3_expert
--- held out
--- setup
CREATE TABLE marks (post BIGINT, reader BIGINT, note TEXT NOT NULL, PRIMARY KEY (post, reader));
INSERT INTO marks SELECT i % 4000, i / 4000, repeat('n', 50) FROM generate_series(1, 20000) i;
--- statement 100
SELECT * FROM marks WHERE post = $1 AND reader > $2
--- refuse marks already_served

--- case a small table by its name beside a large one by its key
--- origin PgHero
--- held out
--- use forum
--- statement 100
SELECT * FROM blogs WHERE name = $1
--- refuse blogs small_table

--- case an index that is read backwards
--- origin reference
--- held out
--- use forum
--- setup
CREATE INDEX posts_newest ON posts (blog_id, published_at DESC);
--- statement 100
SELECT * FROM posts WHERE blog_id = $1 ORDER BY published_at LIMIT 10
--- refuse posts already_served

--- case equal columns in the other order of an index
--- origin PgHero
--- held out
--- use forum
--- setup
CREATE INDEX users_attempts_country ON users (login_attempts, country);
--- statement 100
SELECT * FROM users WHERE country = $1 AND login_attempts = $2
--- refuse users already_served

--- case the newest number by its index
--- origin reference
--- held out
--- use forum
--- setup
CREATE INDEX posts_published ON posts (published_at);
--- statement 100
SELECT max(published_at) FROM posts
--- refuse posts already_served

--- case a condition that is another at each row
--- origin reference
--- held out
--- use forum
--- statement 100
SELECT * FROM posts WHERE random() < 0.01

--- case a column that changes far more than it is asked for
--- origin pganalyze
--- held out
--- use forum
--- statement 100
SELECT * FROM posts WHERE views = $1
--- statement 500000
UPDATE posts SET views = $1 WHERE id = $2
--- refuse posts write_heavy

--- case a row that is written unless its name is taken
--- origin PgHero
--- held out
--- use forum
--- setup
CREATE UNIQUE INDEX posts_slug ON posts (slug);
--- statement 100
INSERT INTO posts (id, blog_id, author_id, slug, state, published_at, views, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (slug) DO UPDATE SET body = excluded.body

--- case a partial index beside a longer one of all rows
--- origin reference
--- held out
--- use forum
--- setup
CREATE INDEX posts_queued ON posts (blog_id) WHERE state = 'queued';
CREATE INDEX posts_blog ON posts (blog_id, published_at);

--- case a policy for all and one that restricts it
--- origin the platform
--- held out
--- use documents
--- setup
CREATE TABLE pages (tenant_id UUID NOT NULL, id UUID NOT NULL, text TEXT NOT NULL, PRIMARY KEY (tenant_id, id));
INSERT INTO pages SELECT md5('tenant' || i % 20)::uuid, md5('page' || i)::uuid, 'page' FROM generate_series(1, 2000) i;
ALTER TABLE pages ENABLE ROW LEVEL SECURITY;
ALTER TABLE pages FORCE ROW LEVEL SECURITY;
CREATE POLICY everything ON pages USING (true);
CREATE POLICY isolation ON pages AS RESTRICTIVE USING (tenant_id = (SELECT nullif(current_setting('app.tenant_id', true), '')::uuid));
--- statement 100
SELECT * FROM pages WHERE id = $1
--- refuse pages already_served

--- case one row of a tenant by its key
--- origin reference
--- held out
--- use documents
--- statement 100
SELECT d.title, count(*) FROM docs d JOIN revisions r ON r.id = d.id WHERE d.id = $1 GROUP BY d.title
--- refuse docs already_served
--- refuse revisions already_served

--- case a person by either of two names
--- origin sqlite3_expert
--- held out
--- use forum
--- statement 100
SELECT * FROM users WHERE email = $1 OR handle = $1
--- expect missing_index users (email), (handle)

--- case a thousand rows of one blog after another
--- origin the batches of Rails
--- held out
--- use forum
--- statement 100
SELECT * FROM posts WHERE blog_id = $1 AND id > $2 ORDER BY id LIMIT 100
--- expect missing_index posts (blog_id, id)

--- case a deletion that tells what it took
--- origin dexter
--- held out
--- use forum
--- statement 100
WITH moved AS (DELETE FROM comments WHERE post_id = $1 RETURNING *) SELECT count(*) FROM moved
--- expect missing_index comments (post_id)

--- case one row with a count of others
--- origin reference
--- held out
--- use forum
--- statement 100
SELECT p.*, (SELECT count(*) FROM comments c WHERE c.post_id = p.id) FROM posts p WHERE p.slug = $1
--- expect missing_index posts (slug)
--- expect missing_index comments (post_id)

--- case two columns that are compared as one
--- origin reference
--- held out
--- use forum
--- statement 100
SELECT * FROM posts WHERE (author_id, blog_id) = ($1, $2)
--- expect missing_index posts (author_id)

--- case a title in any case within a tenant, by a function that may tell what it sees
--- origin reference
--- held out
--- use documents
--- statement 100
SELECT * FROM docs WHERE lower(title) = lower($1)
--- refuse docs held_back

--- case a second index of the primary key
--- origin splinter
--- held out
--- use forum
--- setup
CREATE UNIQUE INDEX users_number ON users (id);
--- expect duplicate_index users users_number

--- case rows in batches by their key
--- origin the batches of Rails
--- held out
--- use forum
--- statement 100
SELECT * FROM posts WHERE id > $1 ORDER BY id LIMIT 1000
--- refuse posts already_served

--- case a query with a name that is used twice
--- origin the documentation of PostgreSQL
--- held out
--- use forum
--- statement 100
WITH c AS (SELECT * FROM posts) SELECT a.* FROM c a JOIN c b ON b.id = a.id WHERE a.slug = $1

--- case nearly all values
--- origin PgHero
--- held out
--- use forum
--- statement 100
SELECT * FROM posts WHERE state IN ('published', 'draft')
--- refuse posts low_selectivity

--- case groups of more than so many
--- origin PgHero
--- held out
--- use forum
--- statement 100
SELECT country, count(*) FROM users GROUP BY country HAVING count(*) > $1
--- refuse users no_condition

--- case some pages of a table
--- origin dexter
--- held out
--- use forum
--- statement 100
SELECT * FROM posts TABLESAMPLE SYSTEM (1)
