"""The sealed log: journals in a Merkle tree, heads signed outside the database, proofs."""
