"""Every colour on every ground it stands on, as numbers: no checker judges what is in a picture."""

import re

import pytest

from web.frame.assets import FOLDER

CSS = (FOLDER / "frame.css").read_text(encoding="utf-8")
_COLOUR = re.compile(r"--([a-z0-9-]+): (#[0-9a-f]{3,6})")


def _block(opening: str) -> dict[str, str]:
    """The colours between a rule's braces; the rule has no other rule inside."""
    begins = CSS.index(opening) + len(opening)
    return dict(_COLOUR.findall(CSS[begins : CSS.index("}", begins)]))


LIGHT = _block(":root {")
DARK = _block('\n[data-theme="dark"] {')
AUTO = _block('  [data-theme="auto"] {')
PAPER = LIGHT | _block(".paper {")

# Colour, ground, at least this ratio: 4.5 for text, 3 for what must be seen.
PAIRS = [
    *((text, ground, 7.0) for text in ("text",) for ground in ("bg", "surface", "sunken")),
    *(("text-2", ground, 4.5) for ground in ("bg", "surface", "sunken")),
    *(("accent", ground, 4.5) for ground in ("bg", "surface", "sunken", "accent-tint")),
    ("accent-hover", "surface", 4.5),
    ("on-accent", "accent", 4.5),
    ("on-accent", "accent-hover", 4.5),
    ("on-bad", "bad-solid", 4.5),
    *((tone, f"{tone}-tint", 4.5) for tone in ("ok", "warn", "bad", "neutral")),
    *((tone, "surface", 4.5) for tone in ("ok", "warn", "bad")),
    *(("text", f"{tone}-tint", 4.5) for tone in ("ok", "warn", "bad", "accent")),
    *(("field", ground, 3.0) for ground in ("surface", "sunken")),
    *(("focus", ground, 3.0) for ground in ("bg", "surface", "sunken")),
    *((f"chart-{number}", "surface", 3.0) for number in range(1, 6)),
    ("chart-others", "surface", 3.0),
]
# As the design states them: light, then dark.
STATED = [
    ("text", "surface", 17.8, 14.5),
    ("text-2", "surface", 7.8, 8.0),
    ("field", "surface", 4.4, 4.9),
    ("accent", "surface", 8.6, 8.5),
    ("on-accent", "accent", 8.6, 8.4),
    ("accent", "accent-tint", 7.3, 6.9),
    ("ok", "ok-tint", 6.3, 7.8),
    ("warn", "warn-tint", 6.6, 8.5),
    ("bad", "bad-tint", 6.2, 7.7),
    ("on-bad", "bad-solid", 6.5, 8.5),
    ("neutral", "neutral-tint", 7.8, 8.0),
    ("focus", "surface", 6.2, 9.7),
    ("chart-1", "surface", 8.6, 7.6),
    ("chart-2", "surface", 12.7, 4.0),
    ("chart-3", "surface", 4.3, 12.3),
    ("chart-4", "surface", 3.5, 4.2),
    ("chart-5", "surface", 5.4, 10.4),
    ("chart-others", "surface", 4.8, 6.8),
]


def _luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    parts = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    """The contrast of two colours by the formula of WCAG."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_formula_is_the_one_of_wcag() -> None:
    assert ratio("#fff", "#000000") == pytest.approx(21)
    assert ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("colour", "ground", "least"), PAIRS)
def test_what_is_read_stands_off_its_ground(
    colour: str, ground: str, least: float, colours: dict[str, str]
) -> None:
    assert ratio(colours[colour], colours[ground]) >= least


@pytest.mark.parametrize(("colour", "ground", "light", "dark"), STATED)
def test_the_ratios_are_the_stated_ones(
    colour: str, ground: str, light: float, dark: float
) -> None:
    assert ratio(LIGHT[colour], LIGHT[ground]) == pytest.approx(light, abs=0.06)
    assert ratio(DARK[colour], DARK[ground]) == pytest.approx(dark, abs=0.06)


@pytest.mark.parametrize(
    ("colours", "figures"),
    [
        (LIGHT, ["#15181e", "#15181e", "#15181e", "#ffffff", "#ffffff"]),
        (DARK, ["#ffffff", "#ffffff", "#ffffff", "#0d1a3c", "#0d1a3c"]),
    ],
    ids=["light", "dark"],
)
def test_figures_can_be_read_on_heat(colours: dict[str, str], figures: list[str]) -> None:
    for step, figure in enumerate(figures):
        assert ratio(figure, colours[f"heat-{step}"]) >= 4.5


def test_dark_is_dark_whoever_chose_it() -> None:
    assert DARK == AUTO
    assert DARK.keys() == {name for name, colour in LIGHT.items() if colour}


def test_paper_is_light_in_both_themes() -> None:
    for colour in ("text", "text-2", "accent"):
        assert ratio(PAPER[colour], PAPER["surface"]) >= 4.5
        assert PAPER[colour] == LIGHT[colour]


def test_no_part_brings_a_colour_of_its_own() -> None:
    """But for white paper, and ink: what stands on them is the same in both themes."""
    begins = CSS.index("/* --- ground")
    parts = re.sub(r"\.paper \{.*?\}|@media print \{.*\}\s*\Z", "", CSS[begins:], flags=re.DOTALL)
    assert re.findall(r"#[0-9a-fA-F]{3,6}\b|rgb\(|hsl\(", parts) == []


def test_letters_have_six_sizes() -> None:
    sizes = set(re.findall(r"font-size: ([^;}]+)", CSS))
    # A picture's letters do not grow with the picture; code is drawn large by its face.
    assert {size for size in sizes if not size.startswith("var(--t-")} == {"13px", ".9375em"}
