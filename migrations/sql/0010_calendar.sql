-- When windows close.
SELECT 1;
