"""Headers that every answer carries: a browser led here can do nothing with what it gets."""

from typing import Final


def page_policy(*, form_to: str = "") -> str:
    """The Content-Security-Policy of a page: our own files alone, no inline script or style.

    `form_to` is another origin to which its forms may lead in the end.
    """
    return (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
        f" connect-src 'self'; base-uri 'none'; form-action 'self' {form_to}".rstrip()
        + "; frame-ancestors 'none'"
    )


# Of whatever sends nothing on, forms least of all.
STRICT_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

# An answer may say more about caching, and a page may have the policy of pages; nothing else of it
# is up to the answer.
SECURE_HEADERS: Final = (
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", STRICT_POLICY),
    ("Referrer-Policy", "no-referrer"),
)

# Of pages besides: no other site holds on to their window, and none of a device's senses is asked.
PAGE_HEADERS: Final = (
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
