"""A workbook as the archive it is: its parts, their kinds, and which part names which."""

import posixpath
import re
import zipfile
from collections.abc import Iterator
from functools import cached_property
from io import BytesIO
from typing import NamedTuple
from xml.etree import ElementTree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_TYPES = "[Content_Types].xml"
#: Ending of the relationship -> ending of the content type its part must have.
_KINDS = {
    "/worksheet": "worksheet+xml",
    "/sharedStrings": "sharedStrings+xml",
    "/styles": "styles+xml",
    "/table": "table+xml",
    "/drawing": "drawing+xml",
    "/chart": "chart+xml",
    "/comments": "comments+xml",
    "/calcChain": "calcChain+xml",
}


class Fault(NamedTuple):
    """Something Excel does not accept.

    Args:
        rule: which rule is broken, in a few words.
        where: part, cell or name.
        what: was found there.
    """

    rule: str
    where: str
    what: str = ""


class Relation(NamedTuple):
    """What a part refers to by an id."""

    kind: str
    target: str
    outside: bool


class Package:
    """The parts of a file."""

    def __init__(self, source) -> None:
        with zipfile.ZipFile(BytesIO(source) if isinstance(source, bytes) else source) as archive:
            self.names = [info.filename for info in archive.infolist() if not info.is_dir()]
            self.parts = {name: archive.read(name) for name in self.names}
        self._trees: dict[str, ElementTree.Element] = {}

    def tree(self, part: str) -> ElementTree.Element:
        """A part's XML."""
        if part not in self._trees:
            self._trees[part] = ElementTree.fromstring(self.parts[part])
        return self._trees[part]

    def relations(self, part: str) -> dict[str, Relation]:
        """Id -> what a part refers to."""
        folder, name = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", f"{name}.rels")
        if rels not in self.parts:
            return {}
        return {one.get("Id", ""): _relation(folder, one) for one in self.tree(rels)}

    def related(self, part: str, kind: str) -> list[str]:
        """The parts of one kind that a part refers to."""
        found = [r.target for r in self.relations(part).values() if r.kind.endswith(f"/{kind}") and not r.outside]
        return [target for target in found if target in self.parts]

    @cached_property
    def book(self) -> str:
        """The workbook's part."""
        return next(iter(self.related("", "officeDocument")), "xl/workbook.xml")


def _relation(folder: str, one: ElementTree.Element) -> Relation:
    target = one.get("Target", "")
    whole = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
    return Relation(one.get("Type", ""), whole, one.get("TargetMode") == "External")


def unreadable(package: Package) -> Iterator[Fault]:
    """Parts that are no XML; a control character makes one so."""
    for name, data in package.parts.items():
        if name.endswith((".xml", ".rels", ".vml")):
            try:
                ElementTree.fromstring(data)
            except ElementTree.ParseError as error:
                yield Fault("a part is no XML", name, str(error))
    for name in (_TYPES, "_rels/.rels"):
        if name not in package.parts:
            yield Fault("a part is missing", name)


def package_faults(package: Package) -> Iterator[Fault]:
    """Every part once, of a declared kind, named by another, and every name leading somewhere."""
    for name in {n for n in package.names if [m.lower() for m in package.names].count(n.lower()) > 1}:
        yield Fault("two parts of one name", name)
    types = package.tree(_TYPES)
    kinds = {e.get("PartName", "").lstrip("/").lower(): e.get("ContentType", "") for e in types if e.get("PartName")}
    endings = {e.get("Extension", "").lower(): e.get("ContentType", "") for e in types if e.get("Extension")}
    lower = {name.lower() for name in package.names}
    yield from (Fault("a content type of no part", name) for name in kinds if name not in lower)
    kinds |= {f"*.{ending}": kind for ending, kind in endings.items()}
    named: set[str] = set()
    for name in package.names:
        if name.endswith(".rels"):
            yield from _relation_faults(package, name, kinds, named)
        elif name != _TYPES and name.lower() not in kinds and name.rpartition(".")[2].lower() not in endings:
            yield Fault("a part without content type", name)
    for name in package.names:
        if name.endswith(".xml") and name != _TYPES:
            yield from _unrelated(package, name)
            if name not in named:
                yield Fault("a part nothing refers to", name)


def _relation_faults(package: Package, rels: str, kinds: dict[str, str], named: set[str]) -> Iterator[Fault]:
    folder, name = posixpath.split(rels)
    owner = posixpath.join(posixpath.dirname(folder), name.removesuffix(".rels"))
    ids = [one.get("Id") for one in package.tree(rels)]
    if len(ids) != len(set(ids)):
        yield Fault("an id of two relationships", rels)
    for relation in package.relations(owner).values():
        part = relation.target.lower()
        if relation.outside:
            continue
        named.add(relation.target)
        if relation.target not in package.parts:
            yield Fault("a relationship leads nowhere", rels, relation.target)
        for ending, kind in _KINDS.items():
            given = kinds.get(part) or kinds.get(f"*.{part.rpartition('.')[2]}", "")
            if relation.target in package.parts and relation.kind.endswith(ending) and not given.endswith(kind):
                yield Fault("a part of the wrong content type", relation.target, given)


def _unrelated(package: Package, part: str) -> Iterator[Fault]:
    known = package.relations(part)
    used = set(re.findall(rb'\sr:(?:id|embed|link|pict)="([^"]*)"', package.parts[part]))
    for name in sorted(used):
        if name.decode() not in known:
            yield Fault("a relationship is missing", part, name.decode())
