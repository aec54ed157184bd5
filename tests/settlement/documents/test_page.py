import io

import pytest
from pypdf import PdfReader

from settlement.documents import fonts
from settlement.documents.figures import (
    LANGUAGES,
    Language,
    amount,
    day,
    fingerprint,
    money,
    points,
)
from settlement.documents.page import as_pdf
from settlement.documents.words import _WORDS, say
from settlement.statements import Statement
from tests.settlement.samples import build_statement, crowd, disputed, in_yen, quiet

STATEMENTS = {
    "home": build_statement(),
    "abroad": in_yen(),
    "disputed": disputed(revision=2, replaces="ST-2017-01-000003", number="ST-2017-01-000003-r2"),
    "covering": build_statement(cover=-64, net=700, settled=700, adjusted=-20),
    "paying": build_statement(owed=(), net=-1036, settled=-1036, collect=(), pay=()),
    "crowd": crowd(40),
    "quiet": quiet(),
}


def read(pdf: bytes) -> str:
    """The text of all pages, without blanks: lines may break anywhere."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    return "".join("".join(page.extract_text() for page in pages).split())


def figures(of: Statement) -> set[str]:
    """All that the statement says in numbers."""
    moved = [of.opening, of.issued, -of.clawed_back, -of.spent_elsewhere, of.refunded_elsewhere]
    moved += [-of.spent_here, of.refunded_here, -of.expired, of.closing]
    moved += [of.accepted_points, -of.accepted_refunds]
    for trade in of.spent + of.accepted:
        moved += [trade.spent, -trade.refunded]
    moved += [each.points for each in of.owes + of.owed]
    moved += [each.points for each in of.held_back + of.brought_in]
    sums = [each.amount for each in of.owes + of.owed + of.spent + of.accepted] + [of.net]
    abroad = [each.amount for each in of.pay + of.collect]
    return (
        {points(number) for number in moved}
        | {amount(minor, of.currency) for minor in sums}
        | {amount(minor, of.settlement_currency) for minor in abroad}
        | {money(abs(of.settled), of.settlement_currency), of.number, of.window}
    )


class TestAsPdf:
    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("name", STATEMENTS)
    def test_has_every_figure_as_text(self, name: str, language: Language) -> None:
        statement = STATEMENTS[name]
        found = read(as_pdf(statement, language))
        wanted = {"".join(each.split()) for each in figures(statement)}
        assert {each for each in wanted if each not in found} == set()

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_says_what_to_do_and_how_to_verify(self, language: Language) -> None:
        statement = build_statement()
        found = read(as_pdf(statement, language))
        head, bank = statement.head, statement.bank
        assert head is not None
        assert bank is not None
        for text in (
            say(language, "receives"),
            day(statement.due_on, language),
            bank.account,
            fingerprint(head.root),
            say(language, "verify 2"),
            say(language, "page", page=1, pages=3),
        ):
            assert "".join(text.split()) in found

    def test_a_revision_names_what_it_replaces(self) -> None:
        found = read(as_pdf(STATEMENTS["disputed"], "en"))
        assert "Revision2,replacesST-2017-01-000003" in found
        assert "Heldback" in found

    def test_forty_counterparties_keep_their_whole_names(self) -> None:
        found = read(as_pdf(crowd(40), "en"))
        for due in crowd(40).owes:
            assert "".join(fonts.legible(due.name).split()) in found

    def test_who_has_nothing_to_pay_reads_so(self) -> None:
        assert "无需付款" in read(as_pdf(quiet(), "zh"))

    def test_tells_a_reader_what_it_is(self) -> None:
        found = PdfReader(io.BytesIO(as_pdf(build_statement(), "en")))
        assert found.metadata is not None
        assert found.metadata.title == "Settlement statement ST-2017-01-000003"
        assert found.metadata.author == "通宝 Tongbao"
        assert found.root_object["/Lang"] == "en-GB"
        assert {tuple(map(round, page.mediabox[2:])) for page in found.pages} == {(595, 842)}

    def test_equal_statements_give_equal_bytes_whatever_else_is_drawn(self) -> None:
        first = as_pdf(in_yen(), "zh")
        fonts.cut_for(set("龘靐齉爩鱻麤"))
        assert as_pdf(in_yen(), "zh") == first


class TestWords:
    def test_every_word_fits_both_languages(self) -> None:
        for word, (chinese, english) in _WORDS.items():
            facts = [
                {part.split("}")[0] for part in text.split("{")[1:]} for text in (chinese, english)
            ]
            assert facts[0] == facts[1], word

    def test_the_font_has_all_of_them(self) -> None:
        for pair in _WORDS.values():
            assert [fonts.legible(text) for text in pair] == list(pair)


class TestLegible:
    @pytest.mark.parametrize(
        ("text", "shown"), [("通宝 ¥−1", "通宝 ¥−1"), ("🎉", "〓"), ("a\nb\x00", "a b ")]
    )
    def test_table(self, text: str, shown: str) -> None:
        assert fonts.legible(text) == shown
