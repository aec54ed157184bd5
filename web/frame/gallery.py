"""The page of parts: each with its states, in both languages and lights; in development only."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from marshmallow import Schema, fields

from kit import language
from kit.forms import Form, tell
from kit.language import gettext

gallery = Blueprint("gallery", __name__)

GROUNDS = (
    "bg", "surface", "sunken", "text", "text-2", "line", "field", "accent", "accent-tint", "ok",
    "ok-tint", "warn", "warn-tint", "bad", "bad-tint", "bad-solid", "neutral", "neutral-tint",
    "focus",
)  # fmt: skip
SIZES = ("xs", "s", "m", "l", "xl", "2xl")
EARNED = (620, 480, 1_150, 900, 710, 1_340, 560, 820, 1_010, 760, 1_480, 940)
SPENT = (0, 300, 1_200, 0, 450, 800, 0, 0, 1_500, 250, 1_200, 1_150)


class _Fields(Schema):
    number = fields.String()
    points = fields.Integer()


@gallery.get("/frame")
def show() -> str:
    """Every part with all its states. Its figures are invented, but add up."""
    wrong = Form(_Fields(), {"number": "138 0013", "points": "2500"})
    wrong.refuse("number", gettext("Enter a mobile number, such as 138 0013 8000"))
    wrong.refuse(
        "points",
        gettext(
            "Enter a whole number from 1 to %(most)s: you can exchange %(most)s more today.",
            most="2,000",
        ),
    )
    return render_template("frame/gallery.html", form=Form(), wrong=wrong, **_scene())


def _scene() -> dict[str, Any]:
    now = datetime(2026, 11, 22, 9, 5, tzinfo=UTC)
    months = [date(2025 + (11 + i) // 12, (11 + i) % 12 + 1, 1) for i in range(12)]
    return {
        "today": now.date(),
        "at": now,
        "soon": current_app.jinja_env.globals["now"]() + timedelta(seconds=48),  # type: ignore[operator]
        "months": [
            (_month(month), (earned, -spent))
            for month, earned, spent in zip(months, EARNED, SPENT, strict=True)
        ],
        "outstanding": [
            (
                _month(month),
                [9_000 + 400 * i, 6_000 + 99 * i, 4_000, 2_500 + 90 * i, 1_200, 800, 400],
            )
            for i, month in enumerate(months)
        ],
        "grounds": GROUNDS,
        "sizes": SIZES,
    }


def _month(first: date) -> str:
    return str(first.month) if language.current() == "zh" else f"{first:%b}"


@gallery.route("/frame/confirm", methods=["GET", "POST"])
def confirm() -> ResponseReturnValue:
    """The page that asks before something irreversible, and what stands after it."""
    if request.method == "POST":
        tell("ok", gettext("Done"), gettext("500 points became 150 miles."))
        return redirect("/frame", 303)
    return render_template("frame/gallery_confirm.html", **_scene())
