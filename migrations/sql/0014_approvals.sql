-- Online spends that a partner asks a member to approve.
SELECT 1;
