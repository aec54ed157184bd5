-- Accounts, invoices, payment files and the bank's answers.
SELECT 1;
