-- Which rule a message is about: a channel is told of one rule and subject in the order in which things
-- happened. A server from before this does not say, and what it says nothing of is in order all together.
ALTER TABLE observability_alert_deliveries ADD COLUMN rule TEXT NOT NULL DEFAULT '';
UPDATE observability_alert_deliveries SET rule = json_extract(message, '$.rule');
CREATE INDEX observability_alert_deliveries_order
    ON observability_alert_deliveries (fate, channel, subject, rule, created_at, id);
