"""The eight brands of the demonstration: who they are, what they agreed, which shelves they own."""

from dataclasses import dataclass

HOME_CURRENCY = "CNY"
CENTS_PER_POINT = 10  # Every brand gives one point for each full 0.10 of a basket.


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """How a brand's own points become shared ones, or shared ones its own: `theirs` of them for
    `ours`. Of imports the fee is taken off."""

    theirs: int
    ours: int
    fee_ppm: int
    step: int

    def points(self, theirs: int) -> int:
        """What the member gets: rounded up, the fee then rounded down, as the hub does it."""
        gross = -(-theirs * self.ours // self.theirs)
        return gross - gross * self.fee_ppm // 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Brand:
    """Prices are in millionths of a fen per point, shares in parts per million, the cap in fen."""

    slug: str
    name: str
    departments: frozenset[str]
    categories: frozenset[str] = frozenset()  # Taken out of other brands' departments.
    issue_price: int = 200_000
    accept_price: int = 190_000
    fee_ppm: int = 10_000
    prefunded_ppm: int = 0
    currency: str = HOME_CURRENCY
    cap: int
    expiry_months: int = 24
    appeal: int  # How readily members go there to spend: a weight among the brands.
    imports: Rate | None = None
    exports: Rate | None = None

    @property
    def policy(self) -> str:
        """When the brand pays for its points, in words."""
        if self.prefunded_ppm == 0:
            return "as spent"
        if self.prefunded_ppm == 1_000_000:
            return "as issued"
        return f"{self.prefunded_ppm // 10_000} % as issued"


_GROCER = "GROCERY|PRODUCE|MEAT|MEAT-PCKGD|PASTRY|NUTRITION|SEAFOOD|SEAFOOD-PCKGD|SPIRITS"
_SUNDRIES = "FROZEN GROCERY|MISCELLANEOUS|COUPON|CNTRL/STORE SUP|GM MERCH EXP|CHARITABLE CONT"
_HOUSEHOLD = "PROD-WHS SALES|GARDEN CENTER|HOUSEWARES|TOYS|ELECT &PLUMBING|POSTAL CENTER"
_PHOTO = "IN-STORE PHOTOFINISHING|OVERNIGHT PHOTOFINISHING|FILM AND CAMERA PRODUCTS"


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split("|"))


BRANDS = (
    Brand(
        slug="harvest",
        name="Harvest Market 丰禾超市",
        departments=_set(f"{_GROCER}|{_SUNDRIES}|{_HOUSEHOLD}"),
        accept_price=192_000,
        cap=1_500_000,
        expiry_months=12,
        appeal=40,
    ),
    Brand(
        slug="northway",
        name="Northway Fuel 北路能源",
        departments=_set("FUEL|AUTOMOTIVE"),
        issue_price=205_000,
        accept_price=194_000,
        fee_ppm=5_000,
        prefunded_ppm=1_000_000,
        cap=300_000,
        appeal=24,
        imports=Rate(theirs=10, ours=3, fee_ppm=0, step=10),
        exports=Rate(theirs=10, ours=4, fee_ppm=0, step=10),
    ),
    Brand(
        slug="evergreen",
        name="Evergreen Pharmacy 长青药房",
        departments=_set("DRUG GM"),
        issue_price=210_000,
        prefunded_ppm=400_000,
        cap=500_000,
        expiry_months=6,
        appeal=18,
    ),
    Brand(
        slug="peony",
        name="Peony Florist 牡丹花坊",
        departments=_set("FLORAL"),
        issue_price=220_000,
        accept_price=180_000,
        fee_ppm=15_000,
        cap=50_000,
        appeal=10,
    ),
    Brand(
        slug="lantern",
        name="Red Lantern 红灯笼餐厅",
        departments=_set("RESTAURANT|DELI|SALAD BAR|CHEF SHOPPE"),
        accept_price=185_000,
        fee_ppm=12_000,
        cap=200_000,
        expiry_months=18,
        appeal=26,
    ),
    Brand(
        slug="lotus",
        name="Lotus Cosmetics 莲华美妆",
        departments=_set("COSMETICS"),
        issue_price=230_000,
        accept_price=180_000,
        fee_ppm=20_000,
        cap=100_000,
        appeal=10,
        imports=Rate(theirs=4, ours=5, fee_ppm=20_000, step=20),
    ),
    Brand(
        slug="crane",
        name="Crane Travel 云鹤旅行",
        departments=_set("TRAVEL & LEISURE"),
        categories=_set("TICKETS"),
        accept_price=175_000,
        fee_ppm=20_000,
        currency="HKD",
        cap=150_000,
        expiry_months=36,
        appeal=8,
        imports=Rate(theirs=2, ours=1, fee_ppm=10_000, step=100),
        exports=Rate(theirs=3, ours=2, fee_ppm=0, step=30),
    ),
    Brand(
        slug="moment",
        name="Moment Photo 瞬间影像",
        departments=_set("PHOTO & VIDEO"),
        categories=_set(_PHOTO),
        accept_price=182_000,
        fee_ppm=15_000,
        currency="JPY",
        cap=60_000,
        appeal=8,
    ),
)

BY_SLUG = {brand.slug: brand for brand in BRANDS}
BASE_BRAND = BRANDS[0]  # Lines without a department are the supermarket's.

_BY_DEPARTMENT = {name: brand.slug for brand in BRANDS for name in brand.departments}
_BY_CATEGORY = {name: brand.slug for brand in BRANDS for name in brand.categories}


def brand_of(department: str | None, category: str | None) -> str:
    """The slug of the brand whose shelf a product stands on."""
    by_category = _BY_CATEGORY.get(category or "")
    return by_category or _BY_DEPARTMENT.get(department or "", BASE_BRAND.slug)
