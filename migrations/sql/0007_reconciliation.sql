-- Partners' own records.
SELECT 1;
