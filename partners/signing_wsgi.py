"""From a WSGI environ to the message that was signed; the only place that knows of WSGI."""

from collections.abc import Mapping
from typing import Any

from partners.signing import Message

# The fields of partners.signing.FIELDS_READ, as WSGI spells them.
_ENVIRON_KEYS = {
    "signature-input": "HTTP_SIGNATURE_INPUT",
    "signature": "HTTP_SIGNATURE",
    "content-encoding": "HTTP_CONTENT_ENCODING",
    "content-type": "CONTENT_TYPE",
    "content-digest": "HTTP_CONTENT_DIGEST",
    "idempotency-key": "HTTP_IDEMPOTENCY_KEY",
}


def message_from_environ(environ: Mapping[str, Any], body: bytes) -> Message:
    """The request as signed: raw target, own Host, the profile's fields, the bytes of the body.

    The target is RAW_URI or REQUEST_URI where the server gives one. Granian gives neither; it
    is then put together from PATH_INFO and QUERY_STRING. That is exact for every target the
    profile accepts, since a path of unreserved characters reads the same decoded and raw. A
    few spellings are lost with it: `/%61` arrives as `/a`, `/a?` as `/a`, the absolute form as
    its path. A signature made over the lost spelling fails, and one made over the plain
    spelling says the same thing; routes are chosen by the very PATH_INFO verified here.

    No forwarded header is read: the public origin is configuration.

    WSGI folds `Content-Digest` and `Content_Digest` into one name (in Granian the underscore
    wins). What is verified is what is used, so this opens no hole, but whoever sits on the way
    can spoil a request with it. The server in front must drop field names with an underscore
    (nginx does unless told otherwise), refuse folded lines and a second Host, and refuse
    Content-Length beside Transfer-Encoding (Granian takes the latter). A field sent twice
    reaches us joined by a comma, which no signature made over one value survives; a value
    outside ASCII reaches us empty, as if it had not been sent.
    """
    headers = {}
    for name, key in _ENVIRON_KEYS.items():
        value = environ.get(key)
        if value:  # PEP 3333 lets an absent CONTENT_TYPE be an empty string.
            headers[name] = value.strip(" \t")
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI") or _rebuilt_target(environ)
    return Message(environ["REQUEST_METHOD"], target, environ.get("HTTP_HOST", ""), headers, body)


def _rebuilt_target(environ: Mapping[str, Any]) -> str:
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    query = environ.get("QUERY_STRING", "")
    return f"{path}?{query}" if query else path
