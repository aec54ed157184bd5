-- Collateral, the mutual fund, and partners that did not fund.
SELECT 1;
