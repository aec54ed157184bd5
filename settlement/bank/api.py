"""The partner API of `settlement.bank`."""

from partners.api.operations import Operation

OPERATIONS: tuple[Operation, ...] = ()
