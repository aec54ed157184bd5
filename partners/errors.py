"""What the registry of partners, keys and terms refuses; signatures have errors of their own."""

from kit.errors import Kind, Refusal


class PartnerNotFound(Refusal):
    code = "partner-not-found"
    kind = Kind.NOT_FOUND
    title = "No such partner"


class PartnerExists(Refusal):
    code = "partner-exists"
    kind = Kind.CONFLICT
    title = "A partner with this short name exists"


class SlugRefused(Refusal):
    code = "slug-refused"
    kind = Kind.INVALID
    title = "A short name has 2 to 31 of a-z, 0-9 and '-', and begins with a letter or digit"


class PartnerStateRefused(Refusal):
    code = "partner-state"
    kind = Kind.CONFLICT
    title = "A partner in this state cannot take that step"


class ScopeMissing(Refusal):
    code = "scope-missing"
    kind = Kind.FORBIDDEN
    title = "This key may not do that: it lacks the scope"


class KeyNotFound(Refusal):
    code = "key-not-found"
    kind = Kind.NOT_FOUND
    title = "No such key of yours"


class KeyExists(Refusal):
    code = "key-exists"
    kind = Kind.CONFLICT
    title = "This public key is registered already"


class TooManyKeys(Refusal):
    code = "too-many-keys"
    kind = Kind.CONFLICT
    title = "Two keys may be active at a time: revoke one first"


class LastKey(Refusal):
    code = "last-key"
    kind = Kind.CONFLICT
    title = "This is your last key with the scope admin: register its successor first"


class TermsMissing(Refusal):
    code = "terms-missing"
    kind = Kind.CONFLICT
    title = "No terms are in force for this partner: it cannot issue or accept"


class TermsRefused(Refusal):
    code = "terms-refused"
    kind = Kind.INVALID
    title = "These terms cannot be"


class TermsOverlap(Refusal):
    code = "terms-overlap"
    kind = Kind.CONFLICT
    title = "Other terms are agreed for that period"
