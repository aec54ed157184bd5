"""The partner API of `settlement.explaining`."""

from partners.api.operations import Operation

OPERATIONS: tuple[Operation, ...] = ()
