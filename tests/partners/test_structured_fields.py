"""The strict parser against RFC 9651's own examples and against an independent parser."""

import random
from datetime import datetime
from decimal import Decimal

import http_sf
import pytest

from partners.structured_fields import (
    Date,
    DisplayString,
    FieldSyntaxError,
    InnerList,
    Item,
    Token,
    parse_dictionary,
)


class TestParseDictionary:
    @pytest.mark.parametrize(
        ("text", "members"),
        [
            ("", []),
            ("   ", []),
            (
                'en="Applepie", da=:w4ZibGV0w6ZydGU=:',
                [("en", "Applepie"), ("da", "Æbletærte".encode())],
            ),
            ("a=?0, b, c; foo=bar", [("a", False), ("b", True), ("c", True)]),
            ("rating=1.5, feelings=joy", [("rating", Decimal("1.5")), ("feelings", Token("joy"))]),
            ("a=1 ,\t b=-2  ", [("a", 1), ("b", -2)]),
            ("a=1,a=2", [("a", 1), ("a", 2)]),
            ("*k-1.x_*=*t:/#", [("*k-1.x_*", Token("*t:/#"))]),
            (r'a="\"\\"', [("a", '"\\')]),
            ("a=::", [("a", b"")]),
            ("a=-0, b=999999999999999", [("a", 0), ("b", 999999999999999)]),
            ("a=999999999999.999", [("a", Decimal("999999999999.999"))]),
            ("a=@1659578233", [("a", Date(1659578233))]),
            ('a=%"f%c3%bc"', [("a", DisplayString("fü"))]),
        ],
    )
    def test_reads(self, text, members):
        found = parse_dictionary(text)
        assert [(key, item.value) for key, item in found] == members
        assert [type(item.value) for _, item in found] == [type(value) for _, value in members]

    def test_reads_inner_lists_and_parameters(self):
        assert parse_dictionary('a=( "x";y;z=2  t );k=?0; *w=:AA==:,b=()') == [
            (
                "a",
                InnerList(
                    [Item("x", [("y", True), ("z", 2)]), Item(Token("t"), [])],
                    [("k", False), ("*w", b"\0")],
                ),
            ),
            ("b", InnerList([], [])),
        ]

    @pytest.mark.parametrize(
        "text",
        [
            *("a=1,", ",a=1", "a=1 b=2", "a=1,,b=2", "A=1", "1=1", "-a=1", "a=", "a =1", "a= 1"),
            *("a=(", "a=(1", "a=1)", "a=(1,2)", "a=(1(2))", 'a=("x""y")', "a=(1\t2)", "a=((1))"),
            *("a=1;", "a=1;;b", "a=1 ;b", "a=1;B", "a=1;\tb", "a=1;b=", "a=1;b=()"),
            *("a=1.", "a=.1", "a=1.1234", "a=--1", "a=-", "a=+1", "a=1000000000000000", "a=1e3"),
            *("a=1234567890123.1", "a=1_0", "a=?", "a=?2", "a=?1x", "a=@1.5", "a=@", "a=@x"),
            *('a="', 'a="x', r'a="\x"', 'a="\x7f"', 'a="é"', 'a="\n"', "a='x'", 'a="x"y', "a=é"),
            *("a=:", "a=:AA:", "a=:AB==:", "a=:A:", "a=:AA==", "a=:AA-_:", "a=:A A==:", "a=:==:"),
            *('a=%"', 'a=%"%C3%BC"', 'a=%"%c3"', 'a=%"%zz"', 'a=%"ü"', "a=%x", "\ta=1", "a=1\n"),
            *("a=１", "a=1;b=１", "\x00", "a=\x00"),
        ],
    )
    def test_refuses(self, text):
        with pytest.raises(FieldSyntaxError):
            parse_dictionary(text)

    def test_agrees_with_an_independent_parser(self):
        """40,000 fields made of the pieces that signatures are made of, half of them broken."""
        chance = random.Random(9651)  # noqa: S311
        pieces = [
            *("a", "b", "sig1", "=", "=", ",", ", ", ";", "(", ")", " ", "\t", '"x"', '"@method"'),
            *("1", "-2", "1.5", "?1", "?0", ":AAAA:", ":AA==:", "tok", "*", "@7", '%"a"', "é", '"'),
            *(
                'a=("@method" "b";req);created=1;tag="t"',
                "a=:AAAA:",
                ";key=1",
                "\\",
                "a=1",
                "b=(1)",
            ),
        ]
        verdicts = set()
        for _ in range(40_000):
            text = "".join(chance.choice(pieces) for _ in range(chance.randint(1, 7)))
            ours, theirs = self.ours(text), self.theirs(text)
            assert ours == theirs, text
            verdicts.add(ours is None)
        assert verdicts == {True, False}

    def ours(self, text):
        try:
            members = parse_dictionary(text)
        except FieldSyntaxError:
            return None
        return {key: self.plain(member) for key, member in members}

    def plain(self, member):
        parameters = {key: self.value(value) for key, value in member.parameters}
        if isinstance(member, InnerList):
            return ([self.plain(item) for item in member.items], parameters)
        return (self.value(member.value), parameters)

    def theirs(self, text):
        try:
            members = http_sf.parse(text.encode(), tltype="dictionary")
        except ValueError:
            return None
        return {key: self.their_plain(*member) for key, member in members.items()}

    def their_plain(self, value, parameters):
        parameters = {key: self.value(given) for key, given in parameters.items()}
        if isinstance(value, list):
            return ([self.their_plain(*item) for item in value], parameters)
        return (self.value(value), parameters)

    @staticmethod
    def value(value):
        """A value and the name of its type, equal for both parsers."""
        if isinstance(value, datetime):
            return ("Date", int(value.timestamp()))
        name = type(value).__name__
        return (name, str(value)) if name in ("Token", "DisplayString") else (name, value)
