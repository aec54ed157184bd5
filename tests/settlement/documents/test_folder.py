from hashlib import sha256
from pathlib import Path

from settlement.documents.figures import LANGUAGES
from settlement.documents.folder import KINDS, Signed, write
from settlement.documents.page import as_pdf
from settlement.statement_files import as_csv, as_json
from settlement.statements import Statement
from tests.settlement.samples import build_statement, in_yen, quiet


def signed(statement: Statement) -> Signed:
    return Signed(
        number=statement.number,
        document=as_json(statement),
        csv=as_csv(statement),
        key_id="hub-1",
        signature=b"\x01\x02",
    )


class TestWrite:
    def test_gives_each_statement_all_its_files(self, tmp_path: Path) -> None:
        first = build_statement()
        both = [signed(first), signed(in_yen(number="ST-2017-01-000004"))]
        done = list(write(tmp_path / "new", both, LANGUAGES, KINDS, processes=2))
        assert done == ["ST-2017-01-000003", "ST-2017-01-000004"]
        found = (tmp_path / "new").glob(f"{first.number}.*")
        names = {path.name.removeprefix(f"{first.number}.") for path in found}
        assert names == {
            "statement.json", "signature.json", "csv",
            "zh.xlsx", "zh.pdf", "zh.flow.svg", "zh.matrix.svg",
            "en.xlsx", "en.pdf", "en.flow.svg", "en.matrix.svg",
        }  # fmt: skip
        made = (tmp_path / "new" / f"{first.number}.en.pdf").read_bytes()
        assert made == as_pdf(first, "en")  # The page of a batch is the page made alone.

    def test_writes_what_was_signed(self, tmp_path: Path) -> None:
        one = signed(quiet())
        list(write(tmp_path, [one], ["zh"], ["json"], processes=1))
        assert {path.name for path in tmp_path.iterdir()} == {
            f"{one.number}.statement.json", f"{one.number}.signature.json",
        }  # fmt: skip
        assert (tmp_path / f"{one.number}.statement.json").read_bytes() == one.document
        proof = (tmp_path / f"{one.number}.signature.json").read_text()
        assert sha256(one.document).hexdigest() in proof
        assert '"0102"' in proof
