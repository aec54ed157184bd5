"""The partner API of `settlement.disputes`."""

from partners.api.operations import Operation

OPERATIONS: tuple[Operation, ...] = ()
