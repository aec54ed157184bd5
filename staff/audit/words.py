"""The closed list of what the audit log can say was done, each as a page writes it.

Who did it stands before these words, and what it was done to beside them.
"""

from kit.language import mark

WHAT: dict[str, str] = {
    # Four eyes
    "proposed": mark("made a proposal"),
    "approved": mark("approved the proposal"),
    "rejected": mark("rejected the proposal"),
    "withdrawn": mark("withdrew the proposal"),
    # Windows
    "window-closed": mark("closed the window"),
    "window-approved": mark("approved the settlement"),
    "window-paying": mark("sent the payments"),
    "window-revised": mark("worked the window out again"),
    "window-settled": mark("settled the window"),
    "window-aborted": mark("aborted the window"),
    # Banks
    "bank-file-imported": mark("brought in a bank file"),
    "invoices-issued": mark("issued invoices"),
    # Comparing records, and what is contested
    "reconciliation-received": mark("brought in a partner's record"),
    "reconciliation-answered": mark("answered a line"),
    "dispute-opened": mark("opened a dispute"),
    # Partners
    "partner-registered": mark("registered the partner"),
    "partner-activated": mark("activated the partner"),
    "partner-suspended": mark("suspended the partner"),
    "partner-restored": mark("restored the partner"),
    "partner-closed": mark("ended the partner's membership"),
    "key-registered": mark("registered a key"),
    "key-revoked": mark("revoked a key"),
    "exchange-settled": mark("settled an exchange by hand"),
    # Members
    "member-viewed": mark("looked at a member"),
    "member-frozen": mark("froze a wallet"),
    "member-unmasked": mark("unmasked name"),
    # People of the hub
    "signed-in": mark("signed in"),
    "signed-out": mark("signed out"),
    "sign-in-refused": mark("was refused a sign-in"),
    "session-ended": mark("ended a session"),
    "operator-added": mark("added somebody by command"),
    "operator-invited": mark("invited somebody"),
    "operator-joined": mark("joined"),
    "operator-deactivated": mark("deactivated somebody"),
    "operator-restored": mark("let somebody back in"),
    "roles-changed": mark("changed roles"),
    "passkey-added": mark("added a passkey"),
    "passkey-removed": mark("removed a passkey"),
    "password-changed": mark("changed the password"),
    "app-changed": mark("changed the app of the second step"),
    "codes-renewed": mark("renewed recovery codes"),
    "recovery-code-used": mark("used a recovery code"),
    "provider-bound": mark("let the provider vouch"),
    "provider-unbound": mark("no longer lets the provider vouch"),
    "invitation-link-made": mark("made the link of an invitation"),
    "proved": mark("proved again who they are"),
}
