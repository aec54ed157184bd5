"""CSV in pieces: every line once, and no cell a formula."""

import csv

from kit.csv_lines import stream


def read(pieces: list[bytes]) -> list[list[str]]:
    return list(csv.reader(b"".join(pieces).decode("utf-8-sig").splitlines()))


def test_every_line_once_however_many_pieces() -> None:
    for number in (0, 1, 63, 64, 65, 200):
        pieces = list(stream(("n", "word"), ((n, f"w{n}") for n in range(number))))
        assert pieces[0].startswith("\ufeffn,word\r\n".encode())
        assert read(pieces)[1:] == [[str(n), f"w{n}"] for n in range(number)]


def test_numbers_stay_and_text_is_no_formula() -> None:
    [_, row] = read(list(stream(("a", "b", "c"), [(-5, "=1+1", None)])))
    assert row == ["-5", "'=1+1", ""]
