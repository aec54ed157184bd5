from pathlib import Path

import pytest

from tests.settlement.bank.scene import Desk
from tests.settlement.coalition import Coalition


@pytest.fixture
def desk(coalition: Coalition, tmp_path: Path) -> Desk:
    """Commands about a coalition's money."""
    return Desk(coalition, tmp_path)
