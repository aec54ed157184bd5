-- Contested lines.
SELECT 1;
