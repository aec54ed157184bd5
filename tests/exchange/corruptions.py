"""For each invariant, ways to break the books that it must find: what guards the guards."""

# Which rows to break: any will do, but the same one in all statements of a case.
ONE = {
    "lot": "(SELECT min(id) FROM exchange.lot WHERE available > 0)",
    "open_hold": "(SELECT id FROM exchange.hold WHERE state = 'held' LIMIT 1)",
    "captured_hold": "(SELECT id FROM exchange.hold WHERE state = 'captured' LIMIT 1)",
    "clawback": "(SELECT id FROM exchange.journal WHERE kind = 'clawback' LIMIT 1)",
    "refund": "(SELECT id FROM exchange.journal WHERE kind = 'refund' LIMIT 1)",
    "redemption": "(SELECT id FROM exchange.journal WHERE kind = 'redemption' LIMIT 1)",
    "spent_lot": "(SELECT lot_id FROM exchange.posting WHERE movement = 'spent' LIMIT 1)",
    "import": "(SELECT id FROM exchange.journal WHERE kind = 'import' LIMIT 1)",
    "export": "(SELECT id FROM exchange.journal WHERE kind = 'capture' AND theirs > 0)",
    "batched_accrual": "(SELECT j.id FROM exchange.journal j JOIN exchange.claim c"
    " ON c.key = j.request_key WHERE c.operation = 'batch' AND j.kind = 'accrual')",
    "batched_hold": "(SELECT h.id FROM exchange.hold h JOIN exchange.claim c"
    " ON c.key = h.request_key WHERE c.operation = 'batch')",
    "batched_void": "(SELECT (l.value -> 'facts' ->> 'authorization')::uuid FROM exchange.claim c,"
    " jsonb_array_elements(c.facts) l WHERE c.operation = 'batch'"
    " AND l.value -> 'facts' ->> 'kind' = 'void')",
    "two_lines": "(SELECT journal_id FROM exchange.posting WHERE movement = 'spent' AND line = 2"
    " LIMIT 1)",
}

_SWAP = (
    "UPDATE exchange.posting SET line = -line WHERE journal_id = {two_lines}",
    "UPDATE exchange.posting SET line = line + 3 WHERE line < 0",
)
_POSTED = "UPDATE exchange.posting SET {set} WHERE movement = '{movement}'"


def _posted(movement: str, set_: str) -> tuple[str, ...]:
    return (_POSTED.format(set=set_, movement=movement),)


def _without(table: str, *constraints: str) -> tuple[str, ...]:
    return tuple(f"ALTER TABLE {table} DROP CONSTRAINT {name}" for name in constraints)


def _document(member: str, value: str) -> str:
    return (
        "UPDATE settlement.statement SET document = convert_to(jsonb_set(convert_from(document,"
        f" 'UTF8')::jsonb, ARRAY['{member}'], '{value}')::text, 'UTF8')"
    )


CORRUPTIONS: dict[str, list[tuple[str, ...]]] = {
    "wallet-is-the-sum-of-its-postings": [
        ("UPDATE exchange.wallet SET available = available + 1",),
        ("DELETE FROM exchange.posting WHERE movement = 'expired'",),
    ],
    "lots-sum-to-the-wallet": [
        ("UPDATE exchange.lot SET available = available + 1 WHERE id = {lot}",),
        ("UPDATE exchange.wallet SET available = available - 1, held = held + 1"
         " WHERE available > 0",),
        ("INSERT INTO exchange.lot (wallet_id, issuer_id, expires_on, available, opened_at)"
         " VALUES (-1, 3, '2090-01-01', 0, now())",),
    ],
    "lot-is-the-sum-of-its-postings": [
        ("UPDATE exchange.lot SET available = available + 1 WHERE id = {lot}",),
        _posted("issued", "lot_id = -1"),
        _posted("moved", "to_lot_id = lot_id"),
        _posted("refunded", "points = points + 1"),
    ],
    "holds-sum-to-held": [
        ("UPDATE exchange.hold_lot SET points = points + 1 WHERE hold_id = {open_hold}",),
        ("UPDATE exchange.lot SET held = held + 1, available = available - 1 WHERE id = {lot}",),
        ("DELETE FROM exchange.hold WHERE id = {open_hold}",),
    ],
    "hold-is-the-sum-of-its-lots": [
        ("UPDATE exchange.hold SET points = points + 1 WHERE id = {open_hold}",),
        ("UPDATE exchange.hold_lot SET wallet_id = -1 WHERE hold_id = {open_hold}",),
        ("DELETE FROM exchange.hold_lot WHERE hold_id = {captured_hold}",),
    ],
    "no-balance-is-negative": [
        (*_without("exchange.wallet", "wallet_available_not_negative"),
         "UPDATE exchange.wallet SET available = -1"),
        (*_without("exchange.lot", "lot_held_not_negative"),
         "UPDATE exchange.lot SET held = -1 WHERE id = {lot}"),
        (*_without("exchange.receivable", "receivable_not_negative"),
         "UPDATE exchange.receivable SET points = -1"),
    ],
    "journal-is-the-sum-of-its-postings": [
        ("UPDATE exchange.journal SET points = points + 1 WHERE id = {redemption}",),
        ("DELETE FROM exchange.posting WHERE journal_id = {redemption}",),
    ],
    "outstanding-is-what-was-issued-and-not-ended": [
        ("UPDATE exchange.lot SET available = available + 1 WHERE id = {lot}",),
        ("DELETE FROM exchange.posting WHERE movement = 'expired'",),
        _posted("issued", "issuer_id = issuer_id + 1"),
    ],
    "all-accounts-sum-to-zero": [
        _posted("spent", "credit = (SELECT receivable_account FROM exchange.party"
                " WHERE id = party_id)"),
        ("UPDATE exchange.receivable SET points = points + 1",),
    ],
    "debt-is-what-was-owed-and-not-repaid": [
        ("UPDATE exchange.receivable SET points = points + 1",),
        ("DELETE FROM exchange.receivable",),
        ("DELETE FROM exchange.posting WHERE movement = 'repaid'",),
    ],
    "line-moves-what-its-journal-is-about": [
        *(_posted(movement, "debit = 0")
          for movement in ("issued", "repaid", "spent", "refunded", "clawed_back", "owed_back",
                           "forgiven", "expired", "moved")),
        _posted("spent", "credit = (SELECT accepting_account FROM exchange.party WHERE id = 1)"),
        _posted("issued", "party_id = 1"),
        ("UPDATE exchange.posting SET movement = 'issued' WHERE movement = 'refunded'",),
    ],
    "moved-points-keep-their-terms": [
        ("UPDATE exchange.lot SET terms = terms + 1000 WHERE id IN"
         " (SELECT to_lot_id FROM exchange.posting WHERE movement = 'moved')",),
    ],
    "line-carries-its-lot": [
        _posted("issued", "expires_on = expires_on + 1"),
        _posted("spent", "issuer_id = issuer_id + 1"),
        ("UPDATE exchange.lot SET issuer_id = issuer_id + 1",),
        _posted("moved", "to_lot_id = (SELECT id FROM exchange.lot"
                " WHERE wallet_id = credit AND expires_on <> posting.expires_on)"),
    ],
    "no-orphan-line": [
        ("UPDATE exchange.posting SET journal_id = gen_random_uuid()",),
        _posted("spent", "window_id = window_id + 1"),
        _posted("spent", "xid = xid + 1"),
        _posted("issued", "debit = 0"),
        _posted("issued", "credit = 0"),
        _posted("issued", "issuer_id = 0"),
    ],
    "no-orphan-journal": [
        ("UPDATE exchange.journal SET party_id = 0 WHERE id = {redemption}",),
        ("UPDATE exchange.journal SET wallet_id = 0 WHERE id = {redemption}",),
        ("UPDATE exchange.journal SET party_id = NULL WHERE id = {redemption}",),
        ("UPDATE exchange.journal SET to_wallet_id = 0 WHERE kind = 'transfer'",),
        ("UPDATE exchange.journal SET hold_id = gen_random_uuid() WHERE kind = 'capture'",),
        ("UPDATE exchange.journal SET rate_id = 0 WHERE kind = 'import'",),
    ],
    "no-orphan-hold": [
        ("UPDATE exchange.hold SET party_id = 0 WHERE id = {open_hold}",),
        ("UPDATE exchange.hold SET wallet_id = 0 WHERE id = {open_hold}",),
        ("UPDATE exchange.hold_lot SET hold_id = gen_random_uuid() WHERE hold_id = {open_hold}",),
        ("UPDATE exchange.hold_lot SET lot_id = 0 WHERE hold_id = {open_hold}",),
    ],
    "accounts-belong-to-their-party": [
        ("UPDATE exchange.party SET issuing_account = accepting_account",),
        ("UPDATE exchange.party SET issuing_account = 0 WHERE id = 1",),
        ("UPDATE exchange.account SET kind = 'issuing', party_id = 0"
         " WHERE id = (SELECT min(id) FROM exchange.wallet)",),
    ],
    "journal-is-in-a-window-that-was-open": [
        ("UPDATE exchange.journal j SET at = w.closed_at + interval '1 second'"
         ' FROM exchange."window" w WHERE w.id = j.window_id AND w.closed_at IS NOT NULL',),
        ("UPDATE exchange.journal SET window_id = 0 WHERE id = {redemption}",),
    ],
    "windows-follow-one-another": [
        ('UPDATE exchange."window" SET opened_at = opened_at + interval \'1 second\''
         " WHERE closed_at IS NULL",),
        ('UPDATE exchange."window" SET closed_at = closed_at + interval \'1 second\'',),
    ],
    "totals-are-the-postings-behind-the-watermark": [
        ("UPDATE exchange.total SET points = points + 1",),
        ("UPDATE exchange.total SET lines = lines + 1",),
        ("DELETE FROM exchange.total WHERE movement = 'spent'",),
        ("UPDATE exchange.watermark SET xid = 1",),
        ("UPDATE exchange.watermark SET xid = 9000000000000000000",),
    ],
    "spent-in-its-time": [
        ("UPDATE exchange.lot SET expires_on = '2020-01-02' WHERE id = {spent_lot}",),
        ("UPDATE exchange.lot SET spendable_from = '2090-01-01'",),
        ("UPDATE exchange.hold SET held_at = '2199-01-01' WHERE id = {captured_hold}",),
    ],
    "spent-in-the-order-of-expiry": [_SWAP],
    "no-points-passed-over": [
        # The last spend took the lot that expires first; say that it took another.
        ("UPDATE exchange.posting p SET lot_id = l.id, expires_on = l.expires_on"
         " FROM exchange.lot l WHERE l.wallet_id = {patient} AND l.expires_on = '2098-12-31'"
         " AND p.debit = l.wallet_id AND p.movement = 'spent'",),
    ],
    "captured-once-and-not-more-than-held": [
        ("UPDATE exchange.hold SET captured = captured - 1, released = released + 1"
         " WHERE id = {captured_hold}",),
        (*_without("exchange.hold", "hold_adds_up"),
         "UPDATE exchange.hold SET captured = points + 1 WHERE id = {captured_hold}"),
        ("DELETE FROM exchange.journal WHERE kind = 'capture'",),
        ("UPDATE exchange.journal SET hold_id = {open_hold} WHERE kind = 'capture'",),
        ("UPDATE exchange.hold SET expires_at = ended_at WHERE id = {captured_hold}",),
        ("UPDATE exchange.journal SET party_id = 1 WHERE kind = 'capture'",),
    ],
    "captured-from-what-was-held": [
        ("UPDATE exchange.hold_lot SET points = 1 WHERE hold_id = {captured_hold}",),
        ("DELETE FROM exchange.hold_lot WHERE hold_id = {captured_hold}",),
    ],
    "mandate-not-exceeded": [
        ("UPDATE exchange.link SET spent = spent - 1 WHERE spent > 0",),
        ("UPDATE exchange.link SET daily_limit = spent - 1 WHERE spent > 0",),
    ],
    "payment-code-used-once": [
        (*_without("exchange.payment_code", "payment_code_within_its_limit"),
         "UPDATE exchange.payment_code SET max_points = 1 WHERE used_at IS NOT NULL"),
        ("UPDATE exchange.payment_code SET points = points - 1 WHERE used_at IS NOT NULL",),
        ("UPDATE exchange.payment_code SET used_for = gen_random_uuid()"
         " WHERE used_at IS NOT NULL",),
        ("UPDATE exchange.payment_code SET used_at = used_at + interval '1 second'",),
        ("UPDATE exchange.payment_code SET expires_at = used_at WHERE used_at IS NOT NULL",),
        ("UPDATE exchange.payment_code SET party_id = 1 WHERE used_at IS NOT NULL",),
        ("INSERT INTO exchange.payment_code (digest, wallet_id, max_points, party_id, expires_at,"
         " used_at, used_by, used_for, points) SELECT '\\x00', wallet_id, max_points, party_id,"
         " expires_at, used_at, used_by, used_for, points FROM exchange.payment_code"
         " WHERE used_at IS NOT NULL LIMIT 1",),
    ],
    "nothing-held-in-a-frozen-wallet": [
        ("UPDATE exchange.wallet SET frozen = true",),
    ],
    "unapproved-is-what-mandates-spent": [
        ("UPDATE exchange.wallet SET unapproved = unapproved + 1 WHERE unapproved_on IS NOT NULL",),
        ("UPDATE exchange.link SET spent = spent + 1 WHERE spent_on IS NOT NULL",),
    ],
    "months-are-what-happened": [
        ("UPDATE exchange.wallet_month SET earned = earned + 1",),
        ("UPDATE exchange.wallet_month SET spent = spent - 1",),
        ("DELETE FROM exchange.wallet_month",),
        ("INSERT INTO exchange.wallet_month VALUES"
         " ((SELECT min(id) FROM exchange.wallet), '2020-01-01', 1, 0)",),
        ("UPDATE exchange.wallet_summed SET until = until - interval '1 day'",),
    ],
    "last-use-is-the-last": [
        ("UPDATE exchange.wallet_use SET last_at = last_at - interval '1 second'",),
        ("DELETE FROM exchange.wallet_use",),
    ],
    "one-live-code": [
        ("INSERT INTO exchange.payment_code (digest, wallet_id, max_points, expires_at)"
         " SELECT decode('0' || n, 'hex'), min(id), 5, now() + interval '1 minute'"
         " FROM exchange.wallet, generate_series(1, 2) n GROUP BY n",),
    ],
    "undone-not-more-than-done": [
        ("UPDATE exchange.journal SET points = points + 1000 WHERE id = {refund}",),
        ("UPDATE exchange.journal SET wallet_id = 0 WHERE id = {clawback}",),
        ("UPDATE exchange.journal SET undoes = gen_random_uuid() WHERE id = {clawback}",),
        ("UPDATE exchange.journal SET undoes = (SELECT undoes FROM exchange.journal"
         " WHERE id = {clawback}) WHERE id = {refund}",),
    ],
    "undone-is-what-undid-it": [
        ("UPDATE exchange.undone SET undone = undone - 1",),
        ("DELETE FROM exchange.undone",),
        ("UPDATE exchange.undone SET points = points + 1",),
    ],
    "refund-goes-back-to-the-same-lots": [
        _posted("refunded", "undoes_line = 99"),
        _posted("refunded", "issuer_id = 0"),
        _posted("refunded", "points = points + 1000"),
        _posted("refunded", "valued_at = valued_at + interval '1 second'"),
        _posted("refunded", "lot_id = lot_id + 1"),
    ],
    "forgiven-not-more-than-expired": [
        _posted("forgiven", "points = points + 1000"),
        ("DELETE FROM exchange.posting WHERE movement = 'expired'",),
    ],
    "exposure-is-what-was-issued-and-not-released": [
        ("UPDATE exchange.exposure SET points = points + 1",),
        ("DELETE FROM exchange.exposure",),
        ("UPDATE exchange.exposure_release SET points = points + 1",),
    ],
    "exposure-owed-is-what-is-not-settled": [
        ("UPDATE exchange.exposure SET owed = owed + 1",),
        ("UPDATE exchange.exposure_release SET settled_at = NULL",),
    ],
    "exposure-within-the-cap": [
        ("UPDATE exchange.exposure SET cap = 1 WHERE points > 1",),
        ("UPDATE exchange.exposure SET cap = points / 2, price = 1000000 WHERE points > 0",),
    ],
    "import-gives-what-its-rate-says": [
        ("UPDATE exchange.journal SET points = points + 1 WHERE id = {import}",),
        ("UPDATE exchange.journal SET fee = fee + 1 WHERE id = {import}",),
        ("UPDATE exchange.journal SET rate_id = NULL WHERE id = {import}",),
        ("UPDATE exchange.rate SET ours = ours + 1",),
    ],
    "export-names-what-was-given-for-it": [
        ("UPDATE exchange.journal SET theirs = NULL WHERE id = {export}",),
        ("UPDATE exchange.journal SET fee = points + 1 WHERE id = {export}",),
        ("UPDATE exchange.journal SET rate_id = NULL WHERE id = {export}",),
        ("UPDATE exchange.journal SET points = points - 1 WHERE id = {export}",),
        ("UPDATE exchange.rate SET party_id = 1 WHERE direction = 'export'",),
        ("UPDATE exchange.hold SET firm = false WHERE firm",),
    ],
    "rate-used-within-its-daily-cap": [
        ("UPDATE exchange.rate_use SET theirs = theirs + 1",),
        ("DELETE FROM exchange.rate_use",),
        ("UPDATE exchange.rate SET daily_cap = 1",),
    ],
    "quote-used-once-and-as-quoted": [
        ("UPDATE exchange.quote SET used_by = gen_random_uuid() WHERE used_by IS NOT NULL",),
        ("UPDATE exchange.quote SET points = points + 1 WHERE used_by IS NOT NULL",),
        ("UPDATE exchange.quote SET used_by = NULL WHERE used_by IS NOT NULL",),
        ("UPDATE exchange.quote SET expires_at = quoted_at WHERE used_by IS NOT NULL",),
        ("INSERT INTO exchange.quote (id, party_id, link_id, rate_id, theirs, points, fee,"
         " quoted_at, expires_at, used_by) SELECT gen_random_uuid(), party_id, link_id, rate_id,"
         " theirs, points, fee, quoted_at, expires_at, used_by FROM exchange.quote",),
    ],
    "answer-has-its-effect": [
        ("UPDATE exchange.claim SET code = 'insufficient-points' WHERE operation = 'redemption'"
         " AND code IS NULL",),
        ("UPDATE exchange.claim SET code = NULL WHERE code IS NOT NULL",),
        ("DELETE FROM exchange.journal WHERE kind = 'capture'",),
        ("DELETE FROM exchange.hold WHERE id = {open_hold}",),
        ("UPDATE exchange.hold SET state = 'expired' WHERE state = 'voided'",),
        ("INSERT INTO exchange.journal (id, window_id, kind, party_id, wallet_id, points,"
         " request_key, at) SELECT gen_random_uuid(), window_id, kind, party_id, wallet_id,"
         " points, request_key, at FROM exchange.journal WHERE id = {redemption}",),
    ],
    "effect-has-its-answer": [
        ("DELETE FROM exchange.claim WHERE operation = 'authorisation'",),
        ("DELETE FROM exchange.claim WHERE operation = 'redemption'",),
        ("UPDATE exchange.claim SET facts = facts || '{{\"points\": 1}}'"
         " WHERE operation = 'redemption' AND code IS NULL",),
    ],
    "one-claim-per-key": [
        ("INSERT INTO exchange.claim SELECT party_id, key, fingerprint, operation, code, facts,"
         " evidence, at - interval '1 day' FROM exchange.claim WHERE operation = 'redemption'",),
    ],
    "batch-has-its-effects": [
        ("DELETE FROM exchange.hold WHERE id = {batched_hold}",),
        ("UPDATE exchange.journal SET points = points + 1 WHERE id = {batched_accrual}",),
        ("UPDATE exchange.claim SET facts = facts - 0 WHERE operation = 'batch'",),
        ("UPDATE exchange.hold SET state = 'expired' WHERE id = {batched_void}",),
        ("INSERT INTO exchange.journal (id, window_id, kind, party_id, wallet_id, points,"
         " request_key, at) SELECT gen_random_uuid(), window_id, kind, party_id, wallet_id,"
         " points, request_key, at FROM exchange.journal WHERE id = {batched_accrual}",),
    ],
    "decided-by-another-on-the-same-content": [
        (*_without("staff.proposal", "proposal_decided_by_another"),
         "UPDATE staff.proposal SET decided_by = proposed_by"),
        (*_without("staff.proposal", "proposal_decided_on_same_content"),
         "UPDATE staff.proposal SET decided_hash = '\\x00'"),
        ("UPDATE staff.proposal SET expires_at = decided_at",),
    ],
    "adjustment-was-approved": [
        ("UPDATE staff.proposal SET state = 'rejected'",),
        ("UPDATE exchange.journal SET approval_id = gen_random_uuid() WHERE kind = 'adjustment'",),
    ],
    "approved-window-was-agreed-by-two": [
        ("UPDATE settlement.settlement SET approval = NULL",),
        ("UPDATE settlement.settlement SET approval = payment",),
        ("UPDATE settlement.settlement SET approved_by = 'eve'",),
        (*_without("settlement.settlement", "settlement_approved_by_another"),
         "UPDATE settlement.settlement SET closed_by = approved_by"),
    ],
    "paid-window-was-agreed-by-two": [
        ("UPDATE settlement.settlement SET payment = NULL",),
        ("UPDATE staff.proposal SET state = 'rejected' WHERE kind = 'window-payment'",),
        ("UPDATE settlement.settlement SET approved_at = NULL",),
    ],
    "no-window-is-left-unsettled": [
        ("UPDATE settlement.settlement SET closed_at = closed_at + interval '1 second'",),
        (*_without("settlement.revision", "revision_settlement_fk"),
         *_without("settlement.moved", "moved_settlement_fk"),
         "DELETE FROM settlement.settlement WHERE window_id ="
         " (SELECT min(window_id) FROM settlement.settlement)"),
    ],
    "obligations-are-those-of-the-postings": [
        ("UPDATE settlement.obligation SET amount = amount + 1",),
        ("DELETE FROM settlement.obligation",),
        _posted("spent", "points = points + 1"),
    ],
    "statement-adds-up": [
        ("UPDATE settlement.statement SET digest = '\\x00'",),
        ("UPDATE settlement.position SET settles = settles + 1",),
    ],
    "both-sides-see-the-same": [(_document("spent", "[]"),)],
    "statements-join": [(_document("opening", "777"),)],
    "position-is-the-sum-of-its-obligations": [
        ("UPDATE settlement.obligation SET amount = amount + 1",),
        ("DELETE FROM settlement.obligation",),
        ("DELETE FROM settlement.position",),
        ("UPDATE settlement.position SET receives = receives + 1, pays = pays + 1",),
    ],
    "vintage-is-not-after-its-use": [
        ("UPDATE exchange.posting SET issued_at = issued_at + interval '1 day' WHERE line = 1",),
    ],
    "moved-is-what-the-postings-say": [
        ("UPDATE settlement.moved SET points = points + 1",),
        ("DELETE FROM settlement.moved",),
        _posted("issued", "points = points + 1"),
    ],
    "contested-lines-are-left-out": [
        ("UPDATE settlement.deferral SET released_at = now() WHERE released_at IS NULL",),
        ("UPDATE settlement.deferral SET released_at = NULL, settled_window_id = NULL",),
        ("DELETE FROM settlement.deferral",),
    ],
    "a-dispute-is-about-a-line": [
        ("UPDATE settlement.dispute SET points = points + 1",),
        ("UPDATE settlement.dispute SET window_id = (SELECT min(id) FROM exchange.\"window\")",),
    ],
    "what-was-upheld-is-given-back": [
        ("UPDATE settlement.dispute SET upheld_points = 1 WHERE outcome = 'upheld'",),
        ("UPDATE exchange.journal SET reference = 'another' WHERE reference LIKE 'dsp%%'",),
    ],
    "a-dispute's-steps-lead-to-its-state": [
        ("DELETE FROM settlement.dispute_step WHERE number = 1",),
        ("UPDATE settlement.dispute_step SET step = 'uphold' WHERE number = 2",),
    ],
    "reconciliation-finds-every-line-once": [
        ("DELETE FROM settlement.reconciliation_outcome WHERE outcome = 'matched'",),
        ("UPDATE settlement.reconciliation_part SET points = points + 1",),
    ],
    "a-reconciliation-is-closed-when-all-agrees": [
        ("UPDATE settlement.reconciliation SET state = 'closed', closed_at = now()",),
    ],
    "a-record-counts-its-answers": [
        ("UPDATE settlement.reconciliation SET unanswered = unanswered + 1",),
    ],
    "a-carried-dispute-says-by-whom": [
        (
            "UPDATE settlement.dispute SET carried_into ="
            ' (SELECT max(id) FROM exchange."window")',
        ),
    ],
    "every-journal-is-sealed-once": [
        ("DELETE FROM settlement.leaf WHERE index = 3",),
        ("UPDATE settlement.leaf SET window_id = window_id + 7 WHERE index = 3",),
    ],
    "every-audit-entry-is-sealed-once": [
        ("DELETE FROM settlement.leaf WHERE audit_id IS NOT NULL",),
    ],
    "every-proposal-is-in-the-audit-log": [
        ("DELETE FROM staff.audit WHERE what = 'proposed'",),
        ("DELETE FROM staff.audit WHERE what = 'approved'",),
    ],
    "every-step-of-a-window-is-in-the-audit-log": [
        ("DELETE FROM staff.audit WHERE what = 'window-paying'",),
        ("UPDATE staff.audit SET who = 'another' WHERE what = 'window-closed'",),
    ],
    "what-was-sealed-is-still-there": [
        ("UPDATE settlement.leaf SET xid = xid + 1 WHERE index = 3",),
        ("DELETE FROM staff.audit",),
    ],
    "tree-is-as-large-as-its-leaves": [
        ("DELETE FROM settlement.leaf WHERE index = 3",),
        ("UPDATE settlement.head SET size = size + 1000",),
    ],
    "settled-window-agrees-with-the-bank": [
        ("UPDATE settlement.settlement SET settled_regardless = NULL",),
    ],
    "nets-sum-to-zero": [
        ("UPDATE settlement.position SET receives = receives + 1, net = net + 1",),
        ("DELETE FROM settlement.position WHERE net > 0",),
    ],
    "payments-settle-the-nets": [
        ("UPDATE settlement.payment SET amount = amount + 1",),
        ("DELETE FROM settlement.payment",),
        ("UPDATE settlement.position SET settles = settles + 1",),
    ],
    "one-statement-per-partner-and-window": [
        ("DELETE FROM settlement.statement",),
        ("UPDATE settlement.statement SET party_id = 1 WHERE party_id ="
         " (SELECT min(party_id) FROM settlement.statement)",),
    ],
    "release-is-what-the-issuer-owes": [
        ("UPDATE exchange.exposure_release SET owed = owed + 1",),
        ("UPDATE exchange.exposure_release SET settled_at = NULL",),
        ("UPDATE settlement.settlement SET state = 'paying'",),
    ],
}  # fmt: skip
