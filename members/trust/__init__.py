"""How far a member is trusted: levels from history, and the limits they carry."""
