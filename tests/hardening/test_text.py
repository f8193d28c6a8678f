"""Text from data shows as text: it gives a terminal no orders, hides nothing, and is no formula in a spreadsheet."""

import csv
import io
import json
import shutil
import subprocess
import unicodedata
from pathlib import Path

import pytest
from attacks import csmetrics
from csmetrics_addin.cli.terminal import plain, plain_json
from csmetrics_panels.export import csv_bytes
from hypothesis import given
from hypothesis import strategies as st

from csmetrics_core.files import read_company
from csmetrics_core.files.csv_text import as_written, harmless

KIND = "Text: orders to the terminal, signs that hide or turn others, formulas in CSV files"

ORDERS = {
    "colour": "\x1b[31mred",
    "clear": "\x1b[2J\x1b[H",
    "title": "\x1b]0;pwned\x07",
    "link": "\x1b]8;;http://x\x07a\x1b]8;;\x07",
    "clipboard": "\x1b]52;c;cm0gLXJm\x07",
    "report": "\x1b[6n",
    "device": "\x1bP+q544e\x1b\\",
    "program": "\x1b_x\x1b\\",
    "privacy": "\x1b^x\x1b\\",
    "one-sign orders": "\x9b31m\x9d0;x\x9c\x90x\x9c",
    "backspace": "10\b\b99",
    "bell": "a\x07",
    "delete": "a\x7f",
    "return": "100\r999",
    "shift out": "\x0e\x0f",
    "vertical": "a\x0b\x0cb",
    "NUL": "a\x00b",
    "right to left": "\u202e001",
    "isolate": "\u2066a\u2069",
    "marks": "\u200e\u200f\u061c",
    "no width": "a\u200bb\u2060c\ufeff",
    "joiners": "a\u200cb\u200dc",
    "soft hyphen": "a\u00adb",
    "tags": "a\U000e0041\U000e007f",
    "line ends": "a\u2028b\u2029c\x85d",
    "annotation": "\ufff9a\ufffab\ufffb",
    "blank letters": "a\u3164b\u115fc\u2800",
    "vowel": "a\u180eb",
    "musical": "a\U0001d173b",
}


def seen(output: bytes) -> set[str]:
    """Signs that a terminal obeys, or does not show."""
    return {s for s in output.decode() if s != "\n" and unicodedata.category(s) in ("Cc", "Cf", "Cs", "Zl", "Zp")}


@pytest.mark.parametrize("order", ORDERS)
def test_no_order_is_left_in_plain_text_or_json(order):
    text = ORDERS[order]
    assert seen(plain(text).encode()) == set()
    assert seen(plain_json(json.dumps({text: [text]}, ensure_ascii=False)).encode()) == set()
    assert json.loads(plain_json(json.dumps({text: [text]}, ensure_ascii=False))) == {text: [text]}


@given(st.text())
def test_any_text_is_one_line_without_orders_and_letters_stay(text):
    shown = plain(text)
    assert len(shown) == len(text)
    assert seen(shown.encode()) == set()
    assert all(a == b for a, b in zip(text, shown, strict=True) if a.isalnum() and a not in "\u115f\u1160\u3164\uffa0")
    assert json.loads(plain_json(json.dumps(text, ensure_ascii=False))) == text


def hostile(folder: Path) -> tuple[Path, str]:
    """A file whose name, headings, groups and answers are orders."""
    name = "a\x1b]0;x\x07\u202ecsv.\x9b31m.csv"
    groups = [text.replace("\x00", "") for text in ORDERS.values()]
    held = io.StringIO(newline="")
    csv.writer(held).writerows([["nps", "g\x1b[2J\u202e\u200b"], *([n % 11, g] for n, g in enumerate(groups))])
    (folder / name).write_text(held.getvalue(), encoding="utf-8", newline="")
    return folder / name, "g\x1b[2J\u202e\u200b"


DOORS = {
    "compute": lambda f, h: ["compute", "NPS", f, "--scores", "nps", "--by", h],
    "as JSON": lambda f, h: ["compute", "NPS", f, "--scores", "nps", "--by", h, "--json"],
    "no such heading": lambda f, h: ["compute", "NPS", f, "--scores", "\x1b[2J"],
    "a word for a number": lambda f, h: ["compute", "NPS", f, "--scores", h],
    "report": lambda f, h: ["report", f, "--by", h],
    "report as JSON": lambda f, h: ["report", f, "--by", h, "--json"],
    "scorecard": lambda f, h: ["scorecard", f],
    "workbook": lambda f, h: ["workbook", "new", "voice_of_customer", "--data", f],
    "audit": lambda f, h: ["audit", f],
    "reconcile": lambda f, h: ["reconcile", "churn_rate", "\x1b[2J", "lost=8"],
    "explain": lambda f, h: ["explain", "NPS\x1b[2J\u202e"],
    "too many words": lambda f, h: ["report", f, f],
    "no such option": lambda f, h: ["report", f, "--x\x1b[2J\u202e"],
    "no such command": lambda f, h: ["\x1b]0;x\x07\x9b"],
    "no such file": lambda f, h: ["compute", "NPS", f.with_name("\x1b[2J\u202e"), "--scores", h],
    "no number": lambda f, h: ["panel", "--port", "\x1b[2J"],
}  # fmt: skip


@pytest.mark.parametrize("door", DOORS)
def test_no_command_hands_an_order_on(door, tmp_path):
    file, heading = hostile(tmp_path)
    done = csmetrics(*DOORS[door](file, heading), cwd=tmp_path)
    assert seen(done.stdout + done.stderr) == set()
    assert b"Traceback" not in done.stderr


FORMULAS = (
    "=1+1",
    "+1+A1",
    "-1-A1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "=cmd|'/C calc'!A0",
    "＝1+1",
    "＋1+A1",
    "－A1",
    "＠SUM(A1)",
    "﹦1+1",
    "﹢A1",
    "﹣A1",
    "﹫A1",
    " =1+1",
    "\u00a0=1",
    "\u3000=1",
    "\ufeff=1",
    "\u200b=1",
    "\u202e=1",
    "'=1+1",
    "''=1",
    '=HYPERLINK("http://x","y")',
    "=",
    "+",
    "-",
    "@",
    "-1+cmd|' /C calc'!A0",
    "+49 30 1234",
    "-x",
    "\t",
    "=\x00",
    "@a",
)
HARMLESS = ("Acme", "-5", "+5", "-5.25", "-1,234.50", "5%", "-5%", "1e5", "'tis", "a=b", "", "10 - best", "–5", "#N/A")


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_written_as_text_and_read_as_it_was(text, tmp_path):
    made = csv_bytes({text: [text, "x"], "nps": [10, -5]})
    cells = list(csv.reader(io.StringIO(made.decode("utf-8-sig"), newline="")))
    assert [cells[0][0], cells[1][0]] == ["'" + text] * 2
    assert cells[2][1] == "-5", "a number stays a number"
    assert as_written(harmless(text)) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_formula_stays_as_it_is(text):
    assert harmless(text) == as_written(text) == text


@given(st.text())
def test_any_text_comes_back_as_it_was_written(text):
    assert as_written(harmless(text)) == text


def test_our_readers_take_the_sign_off_again(tmp_path):
    groups = ["=1+1", "@home", "'tis", "Acme", "'=x"]
    (tmp_path / "out.csv").write_bytes(csv_bytes({"date": ["2026-09-01"] * 5, "nps": [10] * 5, "segment": groups}))
    done = csmetrics("compute", "NPS", "out.csv", "--scores", "nps", "--by", "segment", "--json", cwd=tmp_path)
    assert {row["group"] for row in json.loads(done.stdout)["groups"]} == {*groups, "All"}
    assert read_company(tmp_path / "out.csv").tables["responses"]["segment"].tolist() == groups


@pytest.mark.host
@pytest.mark.slow
def test_a_spreadsheet_computes_nothing_of_it(tmp_path, tries):
    """LibreOffice opens the file and writes what its cells show."""
    if not shutil.which("soffice"):
        pytest.skip("needs LibreOffice")
    texts = [text for text in FORMULAS if not set(text) & set("\r\n\x00")]
    (tmp_path / "out.csv").write_bytes(csv_bytes({"text": texts}))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    reading = "--infilter=CSV:44,34,76,1,,0,false,true,false,true"  # commas, UTF-8, and formulas are computed
    words = ["soffice", profile, "--headless", "--convert-to", "fods", reading, "out.csv"]
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True, timeout=180)
    assert "table:formula" not in (tmp_path / "out.fods").read_text(encoding="utf-8")
    tries(len(texts))
