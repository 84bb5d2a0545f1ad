-- The constant statements of all crates, which the advisor looks at. A test compares them with the
-- source; WRITE_STATEMENTS=1 in its environment has it write this file anew.
UPDATE tenancy_journal_head SET marked = 1 WHERE tenant_id = $1
WITH line AS (INSERT INTO tenancy_journal_line (tenant_id, entry_id) VALUES ($1, $2)) INSERT INTO tenancy_journal (tenant_id, id, at, actor, actor_id, action, resource, resource_id, before, after, request_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
INSERT INTO tenancy_journal_head (tenant_id, sequence, marked) VALUES ($1, 1, 0) ON CONFLICT (tenant_id) DO UPDATE SET sequence = tenancy_journal_head.sequence + 1 RETURNING sequence, marked
INSERT INTO tenancy_journal (tenant_id, id, at, actor, actor_id, action, resource, resource_id, before, after, request_id, sequence) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
INSERT INTO tenancy_platform_journal (id, at, actor, actor_id, about, action, resource, resource_id, before, after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
SELECT j.at FROM tenancy_journal j WHERE j.tenant_id = $1 AND j.sequence > coalesce((SELECT c.sequence FROM tenancy_journal_cursors c WHERE c.tenant_id = $1 AND c.consumer = $2), 0) ORDER BY j.sequence LIMIT 1
SELECT CAST(count(*) AS BIGINT) FROM tenancy_journal_parked WHERE tenant_id = $1 AND consumer = $2
SELECT entry_id FROM tenancy_journal_line ORDER BY entry_id LIMIT 1
SELECT consumer, sequence, error, parked_at FROM tenancy_journal_parked WHERE tenant_id = $1 AND (sequence, consumer) > ($2, $3) ORDER BY sequence, consumer LIMIT 250
UPDATE tenancy_journal_parked SET retry = 1 WHERE tenant_id = $1
INSERT INTO tenancy_journal_cursors (tenant_id, consumer, sequence, attempts, retry_at, leased_until) VALUES ($1, $2, 0, 0, 0, 0) ON CONFLICT (tenant_id, consumer) DO NOTHING
UPDATE tenancy_journal_cursors SET lease = $3, leased_until = $4 WHERE tenant_id = $1 AND consumer = $2 AND (leased_until <= $5 OR lease = $3) AND retry_at <= $5 RETURNING sequence, attempts
SELECT id, sequence, at, actor, action, resource, resource_id, before, after, request_id FROM tenancy_journal WHERE tenant_id = $1 AND sequence > $2 ORDER BY sequence LIMIT $3
UPDATE tenancy_journal_cursors SET sequence = $4, attempts = $5, retry_at = $6, error = $7, lease = NULL, leased_until = 0 WHERE tenant_id = $1 AND consumer = $2 AND lease = $3
INSERT INTO tenancy_journal_parked (tenant_id, consumer, sequence, error, parked_at, retry) VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT (tenant_id, consumer, sequence) DO UPDATE SET error = $4, retry = 0
SELECT j.id, j.sequence, j.at, j.actor, j.action, j.resource, j.resource_id, j.before, j.after, j.request_id FROM tenancy_journal_parked p JOIN tenancy_journal j ON j.tenant_id = p.tenant_id AND j.sequence = p.sequence WHERE p.tenant_id = $1 AND p.consumer = $2 AND p.retry = 1 ORDER BY p.sequence LIMIT $3
DELETE FROM tenancy_journal_parked WHERE tenant_id = $1 AND consumer = $2 AND sequence = $3
SELECT id, CAST(NULL AS BIGINT) AS sequence, at, actor, about, action, resource, resource_id, before, after, request_id FROM tenancy_platform_journal WHERE 1 = 1
SELECT DISTINCT tenant_id FROM tenancy_journal_line LIMIT $1
SELECT sequence FROM tenancy_journal_head WHERE tenant_id = $1 FOR UPDATE SKIP LOCKED
INSERT INTO tenancy_journal_head (tenant_id, sequence, marked) VALUES ($1, 0, 0) ON CONFLICT (tenant_id) DO NOTHING
WITH taken AS (DELETE FROM tenancy_journal_line WHERE tenant_id = $1 AND place IN (SELECT place FROM tenancy_journal_line WHERE tenant_id = $1 ORDER BY place LIMIT $4) RETURNING place, entry_id), next AS (SELECT entry_id, row_number() OVER (ORDER BY place) AS step FROM taken), numbered AS (UPDATE tenancy_journal AS j SET sequence = $2 + next.step FROM next WHERE j.tenant_id = $1 AND j.id = next.entry_id RETURNING j.id), total AS (SELECT count(*) AS entries FROM numbered), head AS (UPDATE tenancy_journal_head SET sequence = $2 + (SELECT entries FROM total) WHERE tenant_id = $1) INSERT INTO tenancy_journal_work (tenant_id, token) SELECT $1, $3 FROM total WHERE entries > 0 ON CONFLICT (tenant_id) DO UPDATE SET token = $3
DELETE FROM tenancy_journal_line WHERE tenant_id = $1
SELECT CAST(coalesce(max(sequence), 0) AS BIGINT) FROM tenancy_journal_head WHERE tenant_id = $1
SELECT h.head, e.id, e.sequence, e.action, e.resource, e.resource_id FROM (SELECT coalesce(max(sequence), 0) AS head FROM tenancy_journal_head WHERE tenant_id = $1) h LEFT JOIN (SELECT id, sequence, action, resource, resource_id FROM tenancy_journal WHERE tenant_id = $1 AND sequence > $2 UNION ALL SELECT j.id, j.sequence, j.action, j.resource, j.resource_id FROM tenancy_journal_line l JOIN tenancy_journal j ON j.tenant_id = l.tenant_id AND j.id = l.entry_id WHERE l.tenant_id = $1) e ON true LIMIT $3
SELECT h.head, e.id, e.sequence, e.action, e.resource, e.resource_id FROM (SELECT coalesce(max(sequence), 0) AS head FROM tenancy_journal_head WHERE tenant_id = $1) h LEFT JOIN (SELECT id, sequence, action, resource, resource_id FROM tenancy_journal WHERE tenant_id = $1 AND sequence > $2) e ON 1 = 1 LIMIT $3
INSERT INTO tenancy_journal_work (tenant_id, token) VALUES ($1, $2) ON CONFLICT (tenant_id) DO UPDATE SET token = $2
SELECT tenant_id, token FROM tenancy_journal_work WHERE tenant_id > $1 ORDER BY tenant_id LIMIT $2
DELETE FROM tenancy_journal_work WHERE tenant_id = $1 AND token = $2
SELECT CAST(count(*) AS BIGINT) FROM tenancy_journal_head h LEFT JOIN tenancy_journal_cursors c ON c.tenant_id = h.tenant_id AND c.consumer = $2 WHERE h.tenant_id = $1 AND h.sequence > coalesce(c.sequence, 0)
SELECT CAST(count(*) AS BIGINT) FROM tenancy_journal_parked WHERE tenant_id = $1 AND retry = 1
UPDATE tenancy_journal_head SET marked = 0 WHERE tenant_id = $1 AND marked = 1
UPDATE tenancy_registry SET revision = revision + 1 WHERE id = 1 RETURNING revision
SELECT id, slug, name, status, maintenance_seconds, plan, settings, key, created_at, revision FROM tenancy_tenants WHERE id = $1
UPDATE tenancy_tenants SET revision = $2 WHERE id = $1
UPDATE tenancy_tenants SET slug = $2, name = $3, status = $4, maintenance_seconds = $5, plan = $6, settings = $7, key = $8, revision = $9 WHERE id = $1
SELECT id, slug, name, status, maintenance_seconds, plan, settings, key, created_at, revision FROM tenancy_tenants WHERE id = $1
SELECT id, slug, name, status, maintenance_seconds, plan, settings, key, created_at, revision FROM tenancy_tenants WHERE slug = $1
SELECT t.id, t.slug, t.name, t.status, t.maintenance_seconds, t.plan, t.settings, t.key, t.created_at, t.revision FROM tenancy_domains d JOIN tenancy_tenants t ON t.id = d.tenant_id WHERE d.host = $1
SELECT revision FROM tenancy_registry WHERE id = 1
SELECT id FROM tenancy_tenants WHERE revision > $1 ORDER BY revision LIMIT $2
INSERT INTO tenancy_tenants (id, slug, name, status, maintenance_seconds, plan, settings, key, created_at, revision) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
SELECT id, slug, name, status, maintenance_seconds, plan, settings, key, created_at, revision FROM tenancy_tenants WHERE slug > $1 ORDER BY slug LIMIT $2
SELECT tenant_id FROM tenancy_domains WHERE host = $1
SELECT CAST(count(*) AS BIGINT) FROM tenancy_domains WHERE tenant_id = $1
INSERT INTO tenancy_domains (host, tenant_id, created_at) VALUES ($1, $2, $3)
DELETE FROM tenancy_domains WHERE host = $1 AND tenant_id = $2 RETURNING created_at
SELECT host, created_at FROM tenancy_domains WHERE tenant_id = $1 ORDER BY host LIMIT $2
SELECT pg_try_advisory_xact_lock($1)
SELECT fingerprint, status, headers, body FROM tenancy_idempotency WHERE tenant_id = $1 AND caller = $2 AND key = $3 AND expires_at > $4
DELETE FROM tenancy_idempotency WHERE tenant_id = $1 AND expires_at <= $2
INSERT INTO tenancy_idempotency (tenant_id, caller, key, fingerprint, status, headers, body, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
SELECT pg_advisory_lock(hashtext('tenancy_migrations'))
SELECT set_config('tenancy.role', $1, false), set_config('tenancy.table', $2, false), set_config('tenancy.privileges', $3, false)
SELECT to_regclass($1) IS NOT NULL
SELECT id, parent_id, slug, name, position FROM commerce_categories
UPDATE commerce_categories SET parent_id = $3, slug = $4, name = $5, position = $6 WHERE tenant_id = $1 AND id = $2
DELETE FROM commerce_categories WHERE tenant_id = $1 AND id = $2
SELECT product_id FROM commerce_product_categories WHERE tenant_id = $1 AND category_id = $2 ORDER BY product_id LIMIT 100
INSERT INTO commerce_categories (tenant_id, id, parent_id, slug, name, position) VALUES ($1, $2, $3, $4, $5, $6)
SELECT id, slug, name, name_key, status, featured, description, vendor, product_type, tags, options, attributes, currency, price_from, created_at, updated_at, size_bytes FROM commerce_products
DELETE FROM commerce_product_images WHERE tenant_id = $1 AND product_id = $2
DELETE FROM commerce_product_categories WHERE tenant_id = $1 AND product_id = $2
DELETE FROM commerce_product_categories WHERE tenant_id = $1 AND product_id = $2 AND category_id = $3
DELETE FROM commerce_products WHERE tenant_id = $1 AND id = $2
INSERT INTO commerce_products (tenant_id, id, slug, name, name_key, status, featured, description, vendor, product_type, tags, options, attributes, currency, price_from, search_text, updated_at, created_at, size_bytes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
UPDATE commerce_products SET slug = $3, name = $4, name_key = $5, status = $6, featured = $7, description = $8, vendor = $9, product_type = $10, tags = $11, options = $12, attributes = $13, currency = $14, price_from = $15, search_text = $16, updated_at = $17, created_at = $18, size_bytes = $19 WHERE tenant_id = $1 AND id = $2
DELETE FROM commerce_product_variants WHERE tenant_id = $1 AND id = $2
UPDATE commerce_product_variants SET position = $4, sku = $5, option_values = $6, price = $7, compare_at_price = $8, cost = $9, barcode = $10, weight_grams = $11, weight_unit = $12, requires_shipping = $13, taxable = $14, image_url = $15, attributes = $16 WHERE tenant_id = $1 AND id = $2 AND product_id = $3
UPDATE commerce_stock SET backorder = $3, on_hand = $4 WHERE tenant_id = $1 AND variant_id = $2
UPDATE commerce_stock SET backorder = $3 WHERE tenant_id = $1 AND variant_id = $2
UPDATE commerce_products SET updated_at = updated_at WHERE tenant_id = $1 AND id = $2
INSERT INTO commerce_customers (tenant_id, id, email, name, phone, search_text, updated_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
DELETE FROM commerce_customers WHERE tenant_id = $1 AND id = $2
UPDATE commerce_customers SET email = email WHERE tenant_id = $1 AND id = $2
UPDATE commerce_customers SET email = $3, name = $4, phone = $5, search_text = $6, updated_at = $7, created_at = $8 WHERE tenant_id = $1 AND id = $2
SELECT COUNT(*) FROM commerce_media WHERE tenant_id = $1 AND blob_key = $2
SELECT value FROM commerce_counters WHERE tenant_id = $1 AND name = $2
INSERT INTO commerce_media (tenant_id, id, folder, name, type, bytes, width, height, sha256, alt, blob_key, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
DELETE FROM commerce_media WHERE tenant_id = $1 AND id = $2
UPDATE commerce_counters SET value = value - $3 WHERE tenant_id = $1 AND name = $2
INSERT INTO commerce_counters (tenant_id, name, value) VALUES ($1, $2, $3) ON CONFLICT (tenant_id, name) DO UPDATE SET value = commerce_counters.value + $3 WHERE commerce_counters.value <= $4 - $3 RETURNING value
UPDATE commerce_stock SET on_hand = on_hand - $3 WHERE tenant_id = $1 AND variant_id = $2 AND (on_hand >= $3 OR on_hand IS NULL OR backorder = 1) RETURNING variant_id, on_hand
UPDATE commerce_stock SET on_hand = on_hand + $3 WHERE tenant_id = $1 AND variant_id = $2 RETURNING variant_id, on_hand
INSERT INTO commerce_orders (tenant_id, id, number, status, customer_id, currency, total, placed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
INSERT INTO commerce_order_lines (tenant_id, order_id, position, product_id, variant_id, sku, name, option_values, price, quantity, total, tracked) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
UPDATE commerce_orders SET status = 'cancelled', cancelled_at = $3 WHERE tenant_id = $1 AND id = $2 AND status = 'placed'
UPDATE commerce_orders SET customer_id = NULL WHERE tenant_id = $1 AND id IN (SELECT id FROM commerce_orders WHERE tenant_id = $1 AND customer_id = $2 ORDER BY id LIMIT 100) RETURNING id
INSERT INTO commerce_counters (tenant_id, name, value) VALUES ($1, $2, 1) ON CONFLICT (tenant_id, name) DO UPDATE SET value = commerce_counters.value + 1 RETURNING value
UPDATE commerce_stock SET on_hand = $3, reorder_point = $4, backorder = $5 WHERE tenant_id = $1 AND variant_id = $2
UPDATE commerce_stock SET backorder = backorder WHERE tenant_id = $1 AND variant_id = $2
UPDATE observability_alert_turns SET turns = turns + 1
SELECT id, subject FROM (SELECT id, subject, created_at, row_number() OVER (PARTITION BY subject ORDER BY created_at, id) AS turn FROM observability_alert_deliveries AS one WHERE channel = $1 AND fate = 'waiting' AND next_at <= $2 AND leased_until <= $2 AND NOT EXISTS (SELECT 1 FROM observability_alert_deliveries AS before WHERE before.fate = 'waiting' AND before.channel = one.channel AND before.subject = one.subject AND before.rule = one.rule AND (before.created_at, before.id) < (one.created_at, one.id))) AS due ORDER BY turn, created_at LIMIT $3
UPDATE observability_alert_deliveries SET leased_until = $3, attempts = attempts + 1 WHERE id = $1 AND fate = 'waiting' AND leased_until <= $2 RETURNING id, channel, message, created_at, next_at, attempts, fate, says
UPDATE observability_alert_deliveries SET fate = $2, says = $3, next_at = $4, leased_until = $4 WHERE id = $1 AND fate = 'waiting' AND (attempts = $5 OR $2 = 'arrived')
UPDATE observability_alert_deliveries SET fate = 'waiting', attempts = 0, next_at = $2, leased_until = $2 WHERE id = $1 AND fate = 'dead'
SELECT id, channel, message, created_at, next_at, attempts, fate, says FROM observability_alert_deliveries WHERE fate = $1 ORDER BY id DESC LIMIT $2
DELETE FROM observability_alert_deliveries WHERE subject = $1
SELECT id, body FROM observability_alerts WHERE kind = $1
INSERT INTO observability_alerts (kind, id, body) VALUES ($1, $2, $3) ON CONFLICT (kind, id) DO UPDATE SET body = $3
DELETE FROM observability_alerts WHERE kind = $1 AND id = $2
INSERT INTO observability_alert_deliveries (id, channel, subject, rule, message, created_at, next_at, leased_until, attempts, fate) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 'waiting')
UPDATE observability_alert_deliveries SET fate = 'dead', says = 'nobody sent it for a day' WHERE fate = 'waiting' AND next_at < $1
DELETE FROM observability_alert_deliveries WHERE fate = $1 AND next_at < $2
INSERT INTO observability_windows (party, starts_at, writer, data) VALUES ($1, $2, $3, $4) ON CONFLICT (party, starts_at, writer) DO UPDATE SET data = excluded.data
SELECT starts_at, writer, data FROM observability_windows WHERE party = $1 AND (starts_at, writer) > ($2, $3) AND starts_at < $4 ORDER BY starts_at, writer LIMIT $5
SELECT starts_at, data FROM observability_hours WHERE party = $1 AND starts_at > $2 AND starts_at < $3 ORDER BY starts_at LIMIT $4
SELECT party FROM observability_windows WHERE starts_at >= $1 AND starts_at < $3 AND party > $4 UNION SELECT party FROM observability_hours WHERE starts_at > $2 AND starts_at < $3 AND party > $4 ORDER BY party LIMIT $5
UPDATE observability_tidying SET turns = turns + 1
SELECT party, starts_at FROM observability_windows WHERE starts_at < $1 ORDER BY starts_at LIMIT 1
DELETE FROM observability_windows WHERE party = $1 AND starts_at >= $2 AND starts_at < $3 RETURNING data
SELECT data FROM observability_hours WHERE party = $1 AND starts_at = $2
INSERT INTO observability_hours (party, starts_at, data) VALUES ($1, $2, $3) ON CONFLICT (party, starts_at) DO UPDATE SET data = excluded.data
SELECT starts_at FROM observability_hours WHERE starts_at < $1 ORDER BY starts_at LIMIT 1
DELETE FROM observability_hours WHERE starts_at < $1
DELETE FROM observability_windows WHERE party = $1
DELETE FROM observability_hours WHERE party = $1
SELECT began_at, writer, findings FROM observability_slow_queries WHERE (began_at, writer) > ($1, $2) AND began_at < $3 ORDER BY began_at, writer LIMIT $4
DELETE FROM observability_slow_queries WHERE began_at < $1
INSERT INTO observability_slow_queries (began_at, writer, findings) VALUES ($1, $2, $3) ON CONFLICT (began_at, writer) DO UPDATE SET findings = excluded.findings
SELECT placed_at / 86400000000 AS day, COUNT(*), CAST(SUM(total) AS BIGINT) FROM commerce_orders WHERE tenant_id = $1 AND placed_at >= $2 GROUP BY placed_at / 86400000000 ORDER BY day
SELECT revision FROM platform_block_changes
SELECT tenant_id, COUNT(*) AS bans FROM platform_blocks WHERE is_ban = 1 GROUP BY tenant_id
SELECT COUNT(*) FROM platform_blocks WHERE tenant_id = $1 AND is_ban = 0
SELECT COUNT(*) FROM platform_blocks WHERE tenant_id IS NULL AND is_ban = 0
INSERT INTO platform_blocks (id, tenant_id, network, effect, reason, created_at, ends_at, is_ban) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
SELECT id, tenant_id, network, effect, reason, created_at, ends_at, is_ban FROM platform_blocks WHERE id > $1 AND (ends_at IS NULL OR ends_at > $2) ORDER BY id LIMIT $3
UPDATE platform_block_changes SET revision = revision
UPDATE platform_block_changes SET revision = revision + 1
DELETE FROM platform_blocks WHERE tenant_id = $1 AND network = $2 AND effect = $3 RETURNING id, tenant_id, network, effect, reason, created_at, ends_at, is_ban
DELETE FROM platform_blocks WHERE tenant_id IS NULL AND network = $1 AND effect = $2 RETURNING id, tenant_id, network, effect, reason, created_at, ends_at, is_ban
DELETE FROM platform_blocks WHERE ends_at < $1 AND (is_ban = 0 OR ends_at < $2)
INSERT INTO platform_api_keys (id, tenant_id, digest, name, prefix, created_at) VALUES ($1, $2, $3, $4, $5, $6)
SELECT id, tenant_id, name, prefix, created_at, revoked_at FROM platform_api_keys WHERE tenant_id = $1 ORDER BY id LIMIT $2
UPDATE platform_api_keys SET revoked_at = $3 WHERE tenant_id = $1 AND id = $2 AND revoked_at IS NULL RETURNING id, tenant_id, name, prefix, created_at, revoked_at
SELECT id, tenant_id, name, prefix, created_at, revoked_at FROM platform_api_keys WHERE digest = $1 AND tenant_id = $2 AND revoked_at IS NULL
SELECT (SELECT COUNT(*) FROM commerce_products WHERE tenant_id = $1) AS products, (SELECT COUNT(*) FROM commerce_orders WHERE tenant_id = $1) AS orders, (SELECT COUNT(*) FROM commerce_customers WHERE tenant_id = $1) AS customers
SELECT seen_at, figures FROM platform_servers WHERE seen_at > $1 ORDER BY id LIMIT $2
INSERT INTO platform_servers (id, seen_at, figures) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, figures = excluded.figures
DELETE FROM platform_servers WHERE seen_at <= $1
DELETE FROM platform_servers WHERE id = $1
DELETE FROM platform_operator_sessions WHERE (digest = $1 OR begun_at < $2 OR used_at < $3)
DELETE FROM platform_operator_sessions WHERE operator_id = $1 AND digest NOT IN (SELECT digest FROM platform_operator_sessions WHERE operator_id = $1 ORDER BY begun_at DESC LIMIT $2)
INSERT INTO platform_operator_sessions (digest, operator_id, begun_at, used_at) VALUES ($1, $2, $3, $4)
UPDATE platform_operators SET password_hash = password_hash WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL
SELECT u.id, u.email, u.name, 'operator' AS role, u.created_at, u.disabled_at, s.begun_at, s.used_at FROM platform_operator_sessions s JOIN platform_operators u ON u.id = s.operator_id WHERE s.digest = $1 AND u.disabled_at IS NULL
UPDATE platform_operator_sessions SET used_at = $2 WHERE digest = $1
DELETE FROM platform_operator_sessions WHERE digest = $1
DELETE FROM platform_operator_sessions WHERE operator_id = $1
INSERT INTO platform_operators (id, email, name, password_hash, created_at) VALUES ($1, $2, $3, $4, $5)
SELECT id, email, name, 'operator' AS role, created_at, disabled_at FROM platform_operators ORDER BY id LIMIT $1
SELECT id, email, name, 'operator' AS role, created_at, disabled_at, password_hash FROM platform_operators WHERE email = $1
UPDATE platform_operators SET password_hash = $2 WHERE id = $1
UPDATE platform_operators SET password_hash = $2 WHERE id = $1 AND password_hash = $3
UPDATE platform_operators SET disabled_at = $2 WHERE id = $1
DELETE FROM platform_user_sessions WHERE tenant_id = $1 AND (digest = $2 OR begun_at < $3 OR used_at < $4)
DELETE FROM platform_user_sessions WHERE tenant_id = $1 AND user_id = $2 AND digest NOT IN (SELECT digest FROM platform_user_sessions WHERE tenant_id = $1 AND user_id = $2 ORDER BY begun_at DESC LIMIT $3)
INSERT INTO platform_user_sessions (tenant_id, digest, user_id, begun_at, used_at) VALUES ($1, $2, $3, $4, $5)
UPDATE platform_users SET password_hash = password_hash WHERE tenant_id = $1 AND id = $2 AND password_hash = $3 AND disabled_at IS NULL
SELECT u.id, u.email, u.name, u.role, u.created_at, u.disabled_at, s.begun_at, s.used_at FROM platform_user_sessions s JOIN platform_users u ON u.tenant_id = s.tenant_id AND u.id = s.user_id WHERE s.tenant_id = $1 AND s.digest = $2 AND u.disabled_at IS NULL
UPDATE platform_user_sessions SET used_at = $3 WHERE tenant_id = $1 AND digest = $2
DELETE FROM platform_user_sessions WHERE tenant_id = $1 AND digest = $2
DELETE FROM platform_user_sessions WHERE tenant_id = $1 AND user_id = $2
INSERT INTO platform_users (tenant_id, id, email, name, role, password_hash, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
SELECT id, email, name, role, created_at, disabled_at FROM platform_users WHERE tenant_id = $1 ORDER BY id LIMIT $2
SELECT id, email, name, role, created_at, disabled_at, password_hash FROM platform_users WHERE tenant_id = $1 AND email = $2
UPDATE platform_users SET password_hash = $3 WHERE tenant_id = $1 AND id = $2
UPDATE platform_users SET password_hash = $3 WHERE tenant_id = $1 AND id = $2 AND password_hash = $4
UPDATE platform_users SET disabled_at = $3 WHERE tenant_id = $1 AND id = $2
