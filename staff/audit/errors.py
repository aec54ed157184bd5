"""Why something of the audit log cannot be had."""

from kit.errors import Kind, Refusal


class EntryNotFound(Refusal):
    code = "entry-not-found"
    kind = Kind.NOT_FOUND
    title = "The audit log has no such entry"
