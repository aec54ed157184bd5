"""What four-eyes approvals refuse."""

from kit.errors import Kind, Refusal


class OperatorUnknown(Refusal):
    code = "operator-unknown"
    kind = Kind.NOT_FOUND
    title = "No such operator"


class RoleRequired(Refusal):
    code = "role-required"
    kind = Kind.FORBIDDEN
    title = "None of this operator's roles allows this"


class ProposalNotFound(Refusal):
    code = "proposal-not-found"
    kind = Kind.NOT_FOUND
    title = "No such proposal"


class ProposalDecided(Refusal):
    code = "proposal-decided"
    kind = Kind.CONFLICT
    title = "This proposal was decided already"


class ProposalExpired(Refusal):
    code = "proposal-expired"
    kind = Kind.CONFLICT
    title = "This proposal has expired: propose it again"


class ProposalChanged(Refusal):
    code = "proposal-changed"
    kind = Kind.CONFLICT
    title = "The content is no longer what was proposed"


class SecondPersonRequired(Refusal):
    code = "second-person-required"
    kind = Kind.FORBIDDEN
    title = "Whoever proposed or closed this cannot decide on it"


class AlreadyProposed(Refusal):
    code = "already-proposed"
    kind = Kind.CONFLICT
    title = "This waits for a second person already"


class NotTheProposer(Refusal):
    code = "not-the-proposer"
    kind = Kind.FORBIDDEN
    title = "Only whoever proposed this can withdraw it"


class ReasonRequired(Refusal):
    code = "reason-required"
    kind = Kind.INVALID
    title = "Say why: the reason is kept"
