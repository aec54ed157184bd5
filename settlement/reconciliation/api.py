"""The partner API of `settlement.reconciliation`."""

from partners.api.operations import Operation

OPERATIONS: tuple[Operation, ...] = ()
