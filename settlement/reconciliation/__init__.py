"""A partner's own record against the books."""
