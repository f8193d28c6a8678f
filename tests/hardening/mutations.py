"""Hostile files, made here: those that are known to hurt, and ours with a little wrong in them, again and again."""

import io
import random
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import xlsxwriter

#: One small table in every kind of file that is read; .xls and .ods as LibreOffice writes them.
CORPUS = {path.suffix[1:]: path for path in sorted((Path(__file__).parents[1] / "data" / "corpus").glob("table.*"))}

_NUMBERS = (
    b"0",
    b"-1",
    b"1048576",
    b"1048577",
    b"16385",
    b"4294967296",
    b"99999999999999999999",
    b"1e400",
    b"NaN",
    b"",
)
_WORDS = (
    b"\x00",
    b"\xff\xfe",
    b"&#0;",
    b"<",
    b"]]>",
    b"&x;",
    "\u202e".encode(),
    b"=1+1",
    b"#REF!",
    b'"',
    b"\r",
    b"9" * 400,
)

_COUNTS = tuple(number.to_bytes(4, "little") for number in (0, 1, 16_384, 1_048_576, 2**28, 2**31 - 1, 2**32 - 1))


def mutated(kind: str, data: bytes, chance: random.Random) -> bytes:
    """A file of a kind with something wrong: within a part where it is packed, so that its checks do not save us."""
    if kind not in ("xlsx", "xlsb", "ods"):
        return _spoilt(data, chance)
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        chosen = chance.choice([name for name in names if name.endswith((".xml", ".rels", ".bin"))])
        for name in names:
            content = old.read(name)
            if name != chosen:
                new.writestr(name, content)
            elif chance.random() < 0.9:  # else the part is missing
                new.writestr(name, _spoilt(content, chance))
    packed = held.getvalue()
    return _spoilt(packed, chance) if chance.random() < 0.1 else packed


def _spoilt(data: bytes, chance: random.Random) -> bytes:
    """One to three changes: a number, a word, a piece lost, doubled or moved, bits turned, the end cut off."""
    for _ in range(chance.randint(1, 3)):
        at, to = sorted((chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)))
        match chance.randrange(8):
            case 0:
                numbers = list(re.finditer(rb"\d+", data))
                if numbers:
                    found = chance.choice(numbers)
                    data = data[: found.start()] + chance.choice(_NUMBERS) + data[found.end() :]
            case 1:
                data = data[:at] + chance.choice(_WORDS) + data[at:]
            case 2:
                data = data[:at] + data[min(to, at + 64) :]
            case 3:
                data = data[:to] + data[at : at + 200] * chance.choice((1, 2, 50)) + data[to:]
            case 4:
                data = data[:at]
            case 5:
                attributes = list(re.finditer(rb'"[^"<>]{0,40}"', data))
                if attributes:
                    found = chance.choice(attributes)
                    data = data[: found.start()] + b'"' + chance.choice(_WORDS + _NUMBERS) + b'"' + data[found.end() :]
            case 6:  # a count, a length or a place where numbers are not written in figures
                data = data[:at] + chance.choice(_COUNTS) + data[at + 4 :]
            case _:
                turned = bytearray(data)
                for _ in range(chance.randint(1, 8)):
                    if turned:
                        turned[chance.randrange(len(turned))] ^= 1 << chance.randrange(8)
                data = bytes(turned)
    return data


def _text(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def _far_cell(path: Path, cell: str) -> Path:
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row("A1", ["date", "nps"])
        sheet.write_row("A2", ["2026-09-01", 10])
        sheet.write(cell, 1)
    return path


def _packed(path: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """A workbook of ours with parts changed."""
    source = CORPUS["xlsx"]
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return path


def _in_sheet(old: bytes, new: bytes) -> Callable[[str, bytes], bytes]:
    return lambda name, data: data.replace(old, new) if name.endswith("sheet1.xml") else data


def _sparse(path: Path) -> Path:
    with path.open("wb") as held:
        held.write(b"date,nps\n2026-09-01,10\n")
        held.truncate(2 * 2**30)
    return path


def attacks(folder: Path) -> Iterator[Path]:
    """Files that hurt a reader once, each made when it is asked for."""
    yield _text(folder / "cell.csv", "date,nps,comment", f"2026-09-01,10,{'x' * 131_073}")
    yield _text(folder / "five.csv", "date,nps,a,b,c,d,e", "2026-09-01,10" + f",{'x' * 32_000}" * 5)
    yield _text(folder / "columns.csv", ",".join(f"c{n}" for n in range(100_000)), ",".join("1" * 100_000))
    yield _text(folder / "quote.csv", "date,nps", '2026-09-01,"' + "x,\n" * 100_000)
    yield _text(folder / "heading.csv", "n" * 200_000 + ",nps", "1,10")
    for name in ("nul.csv", "nul.xlsx", "nul.parquet"):
        (folder / name).write_bytes(b"\0" * 2**20)
        yield folder / name
    yield _sparse(folder / "sparse.csv")
    for cell in ("XFD1048576", "Z1048576", "XFD2"):
        yield _far_cell(folder / f"{cell}.xlsx", cell)
    blanks = b'<c r="B9"><f>1+' + b" " * 200_000 + b"1</f></c></row></sheetData>"
    yield _packed(folder / "formula.xlsx", _in_sheet(b"</row></sheetData>", blanks))
    yield _packed(folder / "bomb.xlsx", _in_sheet(b"</worksheet>", b"</worksheet>" + b" " * 600_000_000))
    entities = (
        b'<!DOCTYPE a [<!ENTITY a "'
        + b"x" * 1000
        + b'">'
        + b"".join(b'<!ENTITY %c "%s">' % (98 + n, (b"&%c;" % (97 + n)) * 10) for n in range(9))
    )
    laughs = lambda name, data: data.replace(b"<worksheet", entities + b"]><worksheet", 1).replace(b"<v>", b"<v>&j;", 1)  # noqa: E731
    yield _packed(folder / "entities.xlsx", lambda name, data: laughs(name, data) if "sheet1" in name else data)
