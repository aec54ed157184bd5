-- The sealed log.
SELECT 1;
