-- Exchanges between partners' own points and the shared ones, step by step.
SELECT 1;
