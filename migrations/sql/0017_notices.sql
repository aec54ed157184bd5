-- Notices to members, and what is still to be sent.
SELECT 1;
