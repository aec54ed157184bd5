-- Gifts and family purses.
SELECT 1;
