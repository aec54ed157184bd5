"""The mail that invites a colleague: in both languages, as nobody knows yet which is theirs."""

from kit import language
from kit.language import LANGUAGES
from kit.language import gettext as _


def invitation_mail(origin: str, name: str, token: str) -> tuple[str, str]:
    """Subject and text. `origin` is the hub's own."""
    link = f"{origin}/desk/invitation/{token}"
    before = language.current()
    subjects, texts = [], []
    try:
        for each in LANGUAGES:
            language.use(each)
            subjects.append(_("Your invitation to the Tongbao desk"))
            texts.append(
                _(
                    "%(name)s, this link lets you in at the desk once, within 48 hours."
                    " Hand it to nobody.",
                    name=name,
                )
            )
    finally:
        language.use(before)
    return " · ".join(subjects), "\n\n".join([*texts, link]) + "\n"
