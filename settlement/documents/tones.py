"""The colours of documents and pictures, on white. Each ground is dark enough for its text."""

TEXT = "#15181E"
TEXT_2 = "#4A5361"
LINE = "#D3D8E0"
SUNKEN = "#ECEFF3"
ACCENT = "#23479B"
ACCENT_TINT = "#E7EDFA"
WARN = "#7A4A00"
WARN_TINT = "#FBEFD9"
WHITE = "#FFFFFF"
HEAT = ("#F2F5FC", "#CBD8F3", "#94ADE3", "#4B70C0", "#23479B")
ON_HEAT = (TEXT, TEXT, TEXT, WHITE, WHITE)
FLOW = "#94ADE3"
NET = "#522700"


def rgb(tone: str) -> tuple[int, int, int]:
    """`#23479B` as 35, 71, 155."""
    return int(tone[1:3], 16), int(tone[3:5], 16), int(tone[5:7], 16)
