import json

import pytest

from settlement.documents.loading import from_json
from settlement.statement_files import as_json
from settlement.statements import Statement
from tests.settlement.samples import build_statement, crowd, disputed, in_yen, quiet


@pytest.mark.parametrize(
    "statement",
    [build_statement(), in_yen(), disputed(revision=2, replaces="ST-1"), crowd(40), quiet()],
)
def test_gives_back_what_was_written(statement: Statement) -> None:
    assert from_json(as_json(statement)) == statement


def test_refuses_another_format() -> None:
    document = json.loads(as_json(quiet())) | {"format": "tongbao-statement-2"}
    with pytest.raises(ValueError, match="tongbao-statement-2"):
        from_json(json.dumps(document).encode())
