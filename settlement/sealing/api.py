"""The partner API of `settlement.sealing`."""

from partners.api.operations import Operation

OPERATIONS: tuple[Operation, ...] = ()
