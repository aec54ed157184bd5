"""The page of the desk's parts, each with its states; in development only."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import Blueprint, render_template

gallery_desk = Blueprint("gallery_desk", __name__)

NETS = (
    ("Market", -6_120_000), ("Fuel", -2_491_800), ("Pharmacy", -1_032_000),
    ("Restaurant", 3_840_000), ("Travel", 2_975_000), ("Cosmetics", 1_502_705),
    ("Florist", 690_000), ("Photo", 395_000), ("Hub fee", 241_095),
)  # fmt: skip
PAYMENTS = (
    ("Market", "Restaurant", 3_840_000), ("Market", "Travel", 2_280_000),
    ("Fuel", "Travel", 695_000), ("Fuel", "Cosmetics", 1_502_705), ("Fuel", "Florist", 294_095),
    ("Pharmacy", "Florist", 395_905), ("Pharmacy", "Photo", 395_000),
    ("Pharmacy", "Hub fee", 241_095),
)  # fmt: skip
NAMES = ("Market", "Fuel", "Pharmacy", "Restaurant", "Travel")
OWED = (
    (0, 2_140_000, 802_000, 4_490_000, 3_107_000), (3_021_000, 0, 211_000, 1_240_000, 990_000),
    (640_000, 0, 0, 410_000, 120_000), (180_000, 96_000, 0, 0, 0), (75_000, 0, 0, 310_000, 0),
)  # fmt: skip


@gallery_desk.get("/desk/frame")
def show() -> str:
    """Every part of the desk with all its states. Its figures are invented, but add up."""
    return render_template("frame/gallery_desk.html", **_scene())


def _scene() -> dict[str, Any]:
    from web.desk.listing import Asked, cut  # The desk's own rooms use the frame.

    asked = Asked(filters={"state": "", "period": ""}, sorts=("name", "net"), default="name")
    index = 1 if asked.by == "net" else 0
    page = cut(NETS, asked, lambda row: (row[index], row[0]))
    now = datetime.now(UTC)
    return {
        "asked": asked,
        "page": page,
        "at": now - timedelta(minutes=3),
        "long_ago": now - timedelta(hours=26),
        "payments": [(*one, "#flow") for one in PAYMENTS],
        "many": [(f"Payer {n % 5}", f"Receiver {n}", 1_000 * (40 - n), "") for n in range(19)],
        "cells": {
            (row, column): amount
            for row, line in zip(NAMES, OWED, strict=True)
            for column, amount in zip(NAMES, line, strict=True)
        },
        "links": {("Market", "Restaurant"): "#heat"},
        "rates": [
            ("Market", [
                (date(2025, 12, 1), 0.9, "0.90"), (date(2026, 3, 1), 0.95, "0.95"),
                (date(2026, 9, 1), 0.97, "0.97"),
            ]),
            ("Fuel", [(date(2026, 1, 15), 0.92, "0.92")]),
        ],
        "until": date(2026, 11, 22),
        "months": list(range(13)),
        "breakage": [
            [0, 0.002, 0.005, 0.009, 0.016, 0.024, 0.034, 0.043, 0.05, None, None, None, None],
            [0, 0.003, 0.006, 0.011, 0.018, 0.026, 0.034, 0.041, 0.049, 0.056, 0.062, 0.067, 0.07],
        ],
        "pairs": [(f"{year}-{month:02}", (310_000 + 7_000 * month, 290_000 + 9_000 * month))
                  for year in (2026,) for month in range(1, 11)],
    }  # fmt: skip
