"""What the same transfer costs elsewhere: same machine, same PostgreSQL, same minute."""
