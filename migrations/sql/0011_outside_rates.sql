-- Conversions known of outside the hub.
SELECT 1;
