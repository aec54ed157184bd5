"""How far a partner is trusted: by how it settled, window after window."""
