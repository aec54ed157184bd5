"""What persons are refused."""

from kit.errors import Kind, Refusal


class WalletInUse(Refusal):
    code = "wallet-in-use"
    kind = Kind.CONFLICT
    title = "A wallet in use takes no other's place: link the brand to it"
