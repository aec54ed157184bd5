"""Domain-free tools: database, clock, ids, errors, strict schemas."""
