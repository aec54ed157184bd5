"""A test's operator: commands of `bin/hub` over a coalition of its own."""

import json
from types import SimpleNamespace
from typing import Any

from click.testing import CliRunner, Result

from kit.errors import Refusal
from tests.settlement.coalition import Coalition
from web.cli import hub
from web.commands.context import Context


class Desk:
    """Runs commands over the test's database."""

    def __init__(self, coalition: Coalition) -> None:
        self.coalition = coalition

    def run(self, *words: str) -> Result:
        """What came of `bin/hub …`. Raises the Refusal, when it was refused."""
        context = Context()
        context.__dict__["database"] = self.coalition.database
        context.__dict__["settings"] = SimpleNamespace(
            currency="CNY", key=self.coalition.signer, sealer=self.coalition.signer
        )
        result = CliRunner().invoke(hub, words, obj=context)
        if isinstance(result.exception, Refusal):
            raise result.exception
        return result

    def json(self, *words: str) -> Any:
        """The same with --json, read."""
        result = self.run(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)
