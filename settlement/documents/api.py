"""The partner API of `settlement.documents`."""

from partners.api.operations import Operation

OPERATIONS: tuple[Operation, ...] = ()
