-- Persons with sealed names and numbers, their sessions and passkeys.
SELECT 1;
