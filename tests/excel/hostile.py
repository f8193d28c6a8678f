"""Names a spreadsheet may take for something else, put in the place of plain ones."""

import pandas as pd
from csmetrics_workbooks.build import recipe

LONG = "L" * 300
NAMES = (
    "Acme*", "Acme", "Acme Inc", "A?", "AB", "x~y", "x~~y", "=zz", ">a", "<>", "<5", "TRUE", "1/2", "#N/A", "007",
    "7", 'say "hi"', "it's", "line\nend", "'quoted", LONG, f"{LONG}!", "~", "*", "?", "a~*", "-1", "@x", "+1", "1e3",
    "12:30", "50%",
    " space", "space", "_x0041_", "bell\x07", "{=1}", "FALSE", "=1+1", "[x]", "A1", "R1C1", "*" * 200,
    "e\u0301",
)  # fmt: skip
#: The columns that hold names, and the segments', of which there are few.
HEADERS = (("Customer", "Account"), ("User",), ("Feature",), ("Owner",), ("Category",))
PLAIN = ("Enterprise", "Mid-market", "SMB")
ROWS = 700  # of each page: enough for every name
SEGMENTS = (("Acme*", "Acme", "Acme Inc"), ("TRUE", "1/2", "#N/A"), ("=zz", "<>", LONG), ("007", "7", "'~?"))


def renamed(template: str, segments: tuple[str, ...]) -> tuple[dict[str, pd.DataFrame], dict[str, pd.DataFrame]]:
    """The sample of a template twice, with plain names and with hostile ones, row by row the same."""
    plain = {sheet.name: make().head(ROWS) for sheet, make in recipe(template).sheets.items()}
    names = {header: _names(plain, headers, NAMES) for headers in HEADERS for header in headers}
    names["Segment"] = dict(zip(PLAIN, segments, strict=True))
    hostile = {
        name: frame.assign(**{h: frame[h].map(lambda v, h=h: names[h].get(v, v)) for h in names if h in frame})
        for name, frame in plain.items()
    }
    return plain, hostile


def _names(frames: dict[str, pd.DataFrame], headers: tuple[str, ...], by: tuple[str, ...]) -> dict[str, str]:
    known = {v for frame in frames.values() for h in headers if h in frame for v in frame[h].dropna()}
    return dict(zip(sorted(known), by, strict=False))
