-- A shop: what it sells, how much of it there is, who buys, and what was bought. Every key leads
-- with the tenant, so that a row can only name rows of its own shop.

-- Numbers given without gaps, and rows to lock: the last order's number, the shape of the tree.
CREATE TABLE commerce_counters (
    tenant_id UUID NOT NULL,
    name TEXT NOT NULL,
    value BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, name)
);

CREATE TABLE commerce_products (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    -- The name in lower case, in an order that both databases share.
    name_key TEXT COLLATE "C" NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('archived', 'draft', 'published')),
    featured BIGINT NOT NULL CHECK (featured IN (0, 1)),
    description TEXT NOT NULL,
    vendor TEXT NOT NULL,
    product_type TEXT NOT NULL,
    tags TEXT NOT NULL,
    options TEXT NOT NULL,
    attributes TEXT NOT NULL,
    currency TEXT NOT NULL,
    price_from BIGINT NOT NULL CHECK (price_from >= 0),
    search_text TEXT NOT NULL,
    -- How large the product is as JSON: pages are cut by it.
    size_bytes BIGINT NOT NULL CHECK (size_bytes >= 0),
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, slug)
);
CREATE INDEX commerce_products_newest ON commerce_products (tenant_id, status, created_at, id);
CREATE INDEX commerce_products_all ON commerce_products (tenant_id, created_at, id);
CREATE INDEX commerce_products_name ON commerce_products (tenant_id, status, name_key, id);
CREATE INDEX commerce_products_price ON commerce_products (tenant_id, status, price_from, id);
CREATE INDEX commerce_products_featured
    ON commerce_products (tenant_id, status, created_at, id) WHERE featured = 1;

CREATE TABLE commerce_product_variants (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    product_id UUID NOT NULL,
    position BIGINT NOT NULL,
    -- Not unique: the files of real shops repeat them.
    sku TEXT,
    option_values TEXT NOT NULL,
    price BIGINT NOT NULL CHECK (price >= 0),
    compare_at_price BIGINT CHECK (compare_at_price >= 0),
    cost BIGINT CHECK (cost >= 0),
    barcode TEXT,
    weight_grams BIGINT CHECK (weight_grams >= 0),
    weight_unit TEXT NOT NULL CHECK (weight_unit IN ('g', 'kg', 'oz', 'lb')),
    requires_shipping BIGINT NOT NULL CHECK (requires_shipping IN (0, 1)),
    taxable BIGINT NOT NULL CHECK (taxable IN (0, 1)),
    image_url TEXT,
    attributes TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, product_id, id),
    FOREIGN KEY (tenant_id, product_id)
        REFERENCES commerce_products (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX commerce_product_variants_sku ON commerce_product_variants (tenant_id, sku);

-- A category's place is below its parent; that it is never below itself is checked by every
-- writer while it holds the counter `categories`.
CREATE TABLE commerce_categories (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    parent_id UUID CHECK (parent_id <> id),
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, slug),
    FOREIGN KEY (tenant_id, parent_id) REFERENCES commerce_categories (tenant_id, id)
);
CREATE INDEX commerce_categories_parent ON commerce_categories (tenant_id, parent_id, position);

CREATE TABLE commerce_product_categories (
    tenant_id UUID NOT NULL,
    product_id UUID NOT NULL,
    category_id UUID NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, product_id, category_id),
    FOREIGN KEY (tenant_id, product_id)
        REFERENCES commerce_products (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, category_id)
        REFERENCES commerce_categories (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX commerce_product_categories_category
    ON commerce_product_categories (tenant_id, category_id, product_id);

CREATE TABLE commerce_product_images (
    tenant_id UUID NOT NULL,
    product_id UUID NOT NULL,
    ordinal BIGINT NOT NULL,
    position BIGINT NOT NULL,
    url TEXT NOT NULL,
    alt TEXT NOT NULL,
    PRIMARY KEY (tenant_id, product_id, ordinal),
    FOREIGN KEY (tenant_id, product_id)
        REFERENCES commerce_products (tenant_id, id) ON DELETE CASCADE
);

-- One row for each variant. No count: the stock is not tracked. A count below zero is oversold,
-- by backorder or by what a file said.
CREATE TABLE commerce_stock (
    tenant_id UUID NOT NULL,
    variant_id UUID NOT NULL,
    product_id UUID NOT NULL,
    on_hand BIGINT,
    reorder_point BIGINT CHECK (reorder_point >= 0),
    backorder BIGINT NOT NULL CHECK (backorder IN (0, 1)),
    PRIMARY KEY (tenant_id, variant_id),
    FOREIGN KEY (tenant_id, product_id, variant_id)
        REFERENCES commerce_product_variants (tenant_id, product_id, id) ON DELETE CASCADE
);
CREATE INDEX commerce_stock_product ON commerce_stock (tenant_id, product_id, on_hand);
CREATE INDEX commerce_stock_low
    ON commerce_stock (tenant_id, variant_id) WHERE on_hand <= reorder_point;

CREATE TABLE commerce_customers (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    phone TEXT NOT NULL,
    search_text TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, email)
);
CREATE INDEX commerce_customers_newest ON commerce_customers (tenant_id, created_at, id);

CREATE TABLE commerce_orders (
    tenant_id UUID NOT NULL,
    id UUID NOT NULL,
    number BIGINT NOT NULL,
    status TEXT NOT NULL,
    customer_id UUID,
    currency TEXT NOT NULL,
    total BIGINT NOT NULL CHECK (total >= 0),
    placed_at BIGINT NOT NULL,
    cancelled_at BIGINT,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, number),
    FOREIGN KEY (tenant_id, customer_id) REFERENCES commerce_customers (tenant_id, id)
);
CREATE INDEX commerce_orders_newest ON commerce_orders (tenant_id, placed_at, id);
CREATE INDEX commerce_orders_status ON commerce_orders (tenant_id, status, placed_at, id);
CREATE INDEX commerce_orders_customer ON commerce_orders (tenant_id, customer_id, placed_at, id);

-- What was bought, as it was then: a product may be changed or deleted afterwards.
CREATE TABLE commerce_order_lines (
    tenant_id UUID NOT NULL,
    order_id UUID NOT NULL,
    position BIGINT NOT NULL,
    product_id UUID NOT NULL,
    variant_id UUID NOT NULL,
    sku TEXT,
    name TEXT NOT NULL,
    option_values TEXT NOT NULL,
    price BIGINT NOT NULL CHECK (price >= 0),
    quantity BIGINT NOT NULL CHECK (quantity > 0),
    total BIGINT NOT NULL CHECK (total >= 0),
    -- Whether the quantity was taken from a count, and goes back to it.
    tracked BIGINT NOT NULL CHECK (tracked IN (0, 1)),
    PRIMARY KEY (tenant_id, order_id, position),
    FOREIGN KEY (tenant_id, order_id)
        REFERENCES commerce_orders (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX commerce_order_lines_variant ON commerce_order_lines (tenant_id, variant_id);

DO $$
DECLARE
    name TEXT;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'commerce_counters', 'commerce_products', 'commerce_product_variants',
        'commerce_categories', 'commerce_product_categories', 'commerce_product_images',
        'commerce_stock', 'commerce_customers', 'commerce_orders', 'commerce_order_lines'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY tenancy_open ON %I USING (true) WITH CHECK (true)', name);
        EXECUTE format(
            'CREATE POLICY tenancy_isolation ON %I AS RESTRICTIVE '
            'USING (tenant_id = (SELECT nullif(current_setting(''app.tenant_id'', true), '''')::uuid)) '
            'WITH CHECK (tenant_id = (SELECT nullif(current_setting(''app.tenant_id'', true), '''')::uuid))',
            name
        );
    END LOOP;
END $$;
