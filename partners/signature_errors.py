"""Every refusal of the signature profile, of the key material and of the proof behind a key.

They stand in the order in which a request meets them. None of them tells a stranger whether a
key exists: an unknown key, a revoked key and a bad signature are one and the same answer.
"""

from kit.errors import Kind, Refusal


class SignatureRequired(Refusal):
    code = "signature-required"
    kind = Kind.UNAUTHENTICATED
    title = "The request carries no signature with the tag of this API"


class SignatureAmbiguous(Refusal):
    code = "signature-ambiguous"
    kind = Kind.MALFORMED
    title = "The request carries more than one signature that could be meant"


class SignatureMalformed(Refusal):
    code = "signature-malformed"
    kind = Kind.MALFORMED
    title = "The signature fields cannot be read under this profile"


class MisdirectedRequest(Refusal):
    code = "misdirected-request"
    kind = Kind.MISDIRECTED
    title = "The request names another host than this one"


class TargetMalformed(Refusal):
    code = "target-malformed"
    kind = Kind.MALFORMED
    title = "The request target holds characters that this API does not use"


class ContentEncodingUnsupported(Refusal):
    code = "content-encoding-unsupported"
    kind = Kind.UNSUPPORTED
    title = "Content must be sent as it is, without a content encoding"


class UnexpectedContent(Refusal):
    code = "unexpected-content"
    kind = Kind.MALFORMED
    title = "This method takes no content"


class IdempotencyKeyRequired(Refusal):
    code = "idempotency-key-required"
    kind = Kind.MALFORMED
    title = "A request that changes something needs an Idempotency-Key"


class SignatureInsufficient(Refusal):
    code = "signature-insufficient"
    kind = Kind.UNAUTHENTICATED
    title = "The signature does not cover what it must cover"


class SignatureInvalid(Refusal):
    code = "signature-invalid"
    kind = Kind.UNAUTHENTICATED
    title = "The signature does not verify under a key known here"


class SignatureStale(Refusal):
    """Said only to the holder of the key: the cryptography has verified before."""

    code = "signature-stale"
    kind = Kind.UNAUTHENTICATED
    title = "The signature was made too long ago, or in the future: sign afresh"
    retryable = True


class DigestMalformed(Refusal):
    code = "digest-malformed"
    kind = Kind.MALFORMED
    title = "Content-Digest must hold exactly one sha-256 or sha-512 value"


class DigestMismatch(Refusal):
    code = "digest-mismatch"
    kind = Kind.MALFORMED
    title = "The content is not the content that was signed"


class IdempotencyKeyMalformed(Refusal):
    code = "idempotency-key-malformed"
    kind = Kind.MALFORMED
    title = "Idempotency-Key must be 16 to 64 of A-Z, a-z, 0-9, '_' and '-'"


class KeyUnacceptable(Refusal):
    code = "key-unacceptable"
    kind = Kind.INVALID
    title = "The public key is not one that can be relied on"


class KeyProofInvalid(Refusal):
    code = "key-proof-invalid"
    kind = Kind.INVALID
    title = "The proof of possession does not verify under the key it came with"


class KeyProofStale(Refusal):
    code = "key-proof-stale"
    kind = Kind.INVALID
    title = "The proof of possession is older than ten minutes, or from the future"
