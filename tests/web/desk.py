"""A test's operators: commands of `bin/hub` over the test's database, in this process."""

import json
from types import SimpleNamespace
from typing import Any

from click.testing import CliRunner, Result

from kit.database import Database
from kit.errors import Refusal
from tests.factories import build_operator
from web.cli import hub
from web.commands.context import Context


class Desk:
    """Ann proposes, Ben approves."""

    def __init__(self, database: Database, signer: Any) -> None:
        self._database = database
        self.signer = signer
        with database.transaction() as session:
            for name in ("ann", "ben"):
                build_operator(session, name=name)

    def run(self, *words: str) -> Result:
        """What came of `bin/hub …`. Raises the Refusal, when it was refused."""
        context = Context()
        context.__dict__["database"] = self._database
        context.__dict__["settings"] = SimpleNamespace(
            currency="CNY",
            key=self.signer,
            sealer=self.signer,
            secret=self.signer.secret,
            heads=self.signer.heads,
            public_keys={self.signer.id: self.signer.private.public_key},
        )
        result = CliRunner().invoke(hub, words, obj=context)
        if isinstance(result.exception, Refusal):
            raise result.exception
        return result

    def json(self, *words: str) -> Any:
        """The same with --json, read."""
        result = self.run(*words, "--json")
        assert result.exit_code == 0, (result.output, result.exception)
        return json.loads(result.stdout)

    def propose(self, *words: str) -> Any:
        """A proposal of Ann's."""
        return self.json(*words, "--as", "ann", "--reason", "a test")

    def approve(self, proposal: Any) -> Any:
        """Ben approves; what came of it."""
        return self.json("proposals", "approve", proposal["id"], "--as", "ben")

    def agree(self, *words: str) -> Any:
        """Both."""
        return self.approve(self.propose(*words))
