"""The partner API."""

from partners.api.operations import Operation

OPERATIONS: tuple[Operation, ...] = ()
