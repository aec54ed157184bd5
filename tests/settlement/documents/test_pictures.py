from xml.etree.ElementTree import Element

import pytest
from defusedxml import ElementTree

from settlement.documents import pictures
from settlement.documents.drawing import Band, Drawing, Label, fit
from settlement.documents.figures import LANGUAGES, Language
from settlement.documents.pictures import Owed, Whole
from settlement.documents.svg import as_svg
from settlement.statements import Due, Statement
from tests.settlement.samples import build_statement, crowd, in_yen, quiet

SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = ("svg", "g", "title", "desc", "rect", "path", "text")
MARKET, FUEL, SUSHI, HUB = 11, 12, 13, 1
WHOLE = Whole(
    names={HUB: "Hub", MARKET: "Market", FUEL: "Fuel", SUSHI: "寿司"},
    currency="CNY",
    obligations=[
        Owed(MARKET, FUEL, 1000),
        Owed(FUEL, MARKET, 400),
        Owed(FUEL, HUB, 50),
        Owed(SUSHI, FUEL, -150),
    ],
    payments=[Owed(MARKET, FUEL, 600), Owed(FUEL, SUSHI, 100)],
)
STATEMENTS = [build_statement(), in_yen(), crowd(40), quiet(), build_statement(cover=-64, net=700)]


def texts(drawing: Drawing) -> list[str]:
    return [shape.text for shape in drawing.shapes if isinstance(shape, Label)]


def bands(drawing: Drawing) -> list[Band]:
    return [shape for shape in drawing.shapes if isinstance(shape, Band)]


class TestOwnFlow:
    def test_says_what_is_left(self) -> None:
        found = pictures.own_flow(build_statement(), "en")
        assert found.title == "Owed ¥18.00 less ¥10.36 leaves ¥7.64 to receive"
        assert {"¥18.00", "¥9.00", "¥1.36", "¥7.64"} <= set(texts(found))

    @pytest.mark.parametrize("statement", STATEMENTS)
    def test_as_much_goes_out_as_comes_in(self, statement: Statement) -> None:
        drawn = bands(pictures.own_flow(statement, "zh"))
        middle = pictures.WIDTH / 2
        incoming = sum(band.height for band in drawn if band.x < band.to_x <= middle)
        outgoing = sum(band.height for band in drawn if band.x >= middle)
        assert incoming == pytest.approx(outgoing)

    def test_draws_the_small_as_one(self) -> None:
        found = texts(pictures.own_flow(crowd(40), "en"))
        assert sum("others" in text for text in found) == 2

    def test_turns_a_negative_due_round(self) -> None:
        due = Due(party=MARKET, name="Market", kind="spent", points=1, amount=-9)
        turned = pictures.own_flow(build_statement(owed=(), owes=(due,), net=9), "en")
        assert turned.title == "Owed ¥0.09 less ¥0.00 leaves ¥0.09 to receive"


class TestOwnMatrix:
    def test_has_a_row_for_each(self) -> None:
        found = pictures.own_matrix(build_statement(), "en")
        assert found.title == "With 2 counterparties: owed ¥18.00, owes ¥10.36"
        assert {"Market", "Hub", "18.00", "9.00", "1.36"} <= set(texts(found))

    def test_of_nothing_is_empty(self) -> None:
        assert pictures.own_matrix(quiet(), "en").title.startswith("With 0 counterparties")


class TestWhole:
    def test_matrix_adds_up_what_is_owed(self) -> None:
        found = pictures.matrix(WHOLE, "en")
        assert found.title == "4 pairs owe one another ¥16.00 in all"
        assert {"10.00", "4.00", "0.50", "1.50"} <= set(texts(found))

    def test_flow_draws_both_on_one_scale(self) -> None:
        found = pictures.flow(WHOLE, "en")
        assert found.title == "¥16.00 of obligations net to ¥7.00 (56.3% less)"
        left = sum(band.height for band in bands(found) if band.x < pictures.WIDTH / 2)
        right = sum(band.height for band in bands(found) if band.x > pictures.WIDTH / 2)
        assert left / right == pytest.approx(1600 / 700)

    def test_forty_parties_have_room(self) -> None:
        owed = [Owed(a, b, a * b) for a in range(3, 43) for b in range(3, 43) if a != b]
        names = {party: f"Partner {party}" for party in range(3, 43)}
        many = Whole(names=names, currency="CNY", obligations=owed, payments=owed[:39])
        for drawing in (pictures.matrix(many, "en"), pictures.flow(many, "en")):
            assert all(0 <= shape.x <= drawing.width for shape in drawing.shapes)
            assert all(0 <= shape.y <= drawing.height for shape in drawing.shapes)

    def test_of_an_empty_window(self) -> None:
        empty = Whole(names={}, currency="CNY", obligations=[], payments=[])
        assert pictures.matrix(empty, "en").shapes == []
        assert "0.0%" in pictures.flow(empty, "en").title


class TestAsSvg:
    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("statement", STATEMENTS)
    def test_is_accessible_and_fits_the_strictest_page(
        self, statement: Statement, language: Language
    ) -> None:
        for draw in (pictures.own_flow, pictures.own_matrix):
            drawing = draw(statement, language)
            root: Element = ElementTree.fromstring(as_svg(drawing, name="flow", language=language))
            assert root.get("role") == "img"
            named = [each for each in root if each.tag in (f"{SVG}title", f"{SVG}desc")]
            assert root.get("aria-labelledby") == " ".join(each.attrib["id"] for each in named)
            assert [each.text for each in named] == [drawing.title, drawing.description]
            for element in root.iter():
                assert element.tag.removeprefix(SVG) in ELEMENTS
                assert not {"style", "onload", "href"} & set(element.keys())

    def test_no_name_becomes_markup(self) -> None:
        found = as_svg(pictures.own_matrix(crowd(5), "en"), name="a", language="en")
        assert b"Toys &lt;&amp;&gt;" in found


@pytest.mark.parametrize(
    ("text", "width", "cut"),
    [
        ("Market", 100, "Market"),
        ("Market hall", 60, "Market…"),
        ("超市超市", 33, "超市…"),
        ("", 9, ""),
    ],
)
def test_fit(text: str, width: float, cut: str) -> None:
    assert fit(text, width, 11) == cut
