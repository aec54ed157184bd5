"""What is sealed: all of it, each part for its reader, nothing to be guessed."""

import json
from hashlib import sha256
from typing import Any
from uuid import UUID

from exchange.models import Journal, Posting
from settlement.sealing import leaf
from staff.audit.models import Entry

KEY = leaf.salt_key(b"a secret of the hub")
JOURNAL: dict[str, Any] = dict.fromkeys((*leaf.JOURNAL_SHOWN, *leaf.JOURNAL_REST)) | {
    "id": UUID("019b5c1e-4000-7abc-8def-0123456789ab"),
    "kind": "redemption",
    "party_id": 7,
    "points": 12,
    "reference": "R-1",
}
POSTING: dict[str, Any] = dict.fromkeys((*leaf.POSTING_SHOWN, *leaf.POSTING_REST)) | {
    "line": 0,
    "issuer_id": 3,
    "movement": "spent",
    "points": 12,
    "lot_id": 99,
}


def make(postings: int = 1, **changed: Any) -> leaf.Leaf:
    some = [POSTING | {"line": line} for line in range(postings)]
    return leaf.make(KEY, JOURNAL | changed, some, "2026-11")


class TestMake:
    def test_leaves_no_column_out(self):
        assert set(Journal.__table__.columns.keys()) == {*leaf.JOURNAL_SHOWN, *leaf.JOURNAL_REST}
        sealed = {"journal_id", *leaf.POSTING_SHOWN, *leaf.POSTING_REST}
        assert set(Posting.__table__.columns.keys()) == sealed

    def test_is_the_journal_with_the_hashes_of_its_parts_and_decoys(self):
        made = make()
        assert json.loads(made.data) == {"journal": made.name, "parts": made.hashes}
        assert made.hashes == sorted(made.hashes)
        for name, part in made.parts.items():
            salt = leaf.salt(KEY, made.name, name)
            assert sha256(salt + leaf.canonical(part)).hexdigest() in made.hashes

    def test_does_not_tell_how_many_lines_there_are(self):
        assert len(make(1).hashes) == len(make(2).hashes) == 8
        assert len(make(3).hashes) == 16

    def test_is_another_one_when_anything_else_is_in_it(self):
        plain = make().data
        for column in (*leaf.JOURNAL_SHOWN, *leaf.JOURNAL_REST):
            if column not in ("id", "window_id"):
                assert make(**{column: "other"}).data != plain, column
        assert leaf.make(KEY, JOURNAL, [POSTING], "2026-12").data != plain

    def test_shows_an_issuer_nothing_of_the_till_and_an_acceptor_nothing_of_the_lot(self):
        parts = make().parts
        assert set(parts["event"]) == {"part", "id", "at", "kind", "window"}
        assert set(parts["line-0"]) == {"part", "line", "issuer", "movement", "points"}
        assert set(parts["lot-0"]) == {"part", "line", "lot", "expires_on"}
        assert set(parts["till"]) == {"part", "party", "reference", "points"}


ENTRY: dict[str, Any] = dict.fromkeys(leaf.ENTRY_COLUMNS) | {
    "id": UUID("019b5c1e-4000-7abc-8def-0123456789ac"),
    "who": "fay",
    "what": "window-closed",
    "before": '{"state": "open"}',
}


class TestMakeEntry:
    def test_leaves_no_column_out(self):
        assert set(Entry.__table__.columns.keys()) == set(leaf.ENTRY_COLUMNS)
        [part] = leaf.make_entry(KEY, ENTRY).parts.values()
        assert set(part) == {"part", *leaf.ENTRY_COLUMNS}

    def test_is_the_entry_with_the_hashes_of_its_one_part_and_decoys(self):
        made = leaf.make_entry(KEY, ENTRY)
        assert json.loads(made.data) == {"audit": made.name, "parts": made.hashes}
        assert made.name.startswith("aud_")
        assert len(made.hashes) == 8
        salt = leaf.salt(KEY, made.name, "entry")
        assert sha256(salt + leaf.canonical(made.parts["entry"])).hexdigest() in made.hashes

    def test_is_another_one_when_anything_else_is_in_it(self):
        plain = leaf.make_entry(KEY, ENTRY).data
        for column in leaf.ENTRY_COLUMNS:
            other = UUID(int=0) if column == "id" else "other"
            assert leaf.make_entry(KEY, ENTRY | {column: other}).data != plain, column
        assert leaf.make_entry(KEY, ENTRY | {"after": "null"}).data != plain


class TestSalt:
    def test_is_another_for_each_part_journal_and_secret(self):
        salts = {
            leaf.salt(key, journal, part)
            for key in (KEY, leaf.salt_key(b"another"))
            for journal in ("jrn_1", "jrn_2")
            for part in ("event", "till")
        }
        assert len(salts) == 8
        assert {len(each) for each in salts} == {leaf.SALT_BYTES}
