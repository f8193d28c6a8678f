"""The house: which room may use which, as each room's README says; no circles, no module too large."""

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {
    "csmetrics_core": ROOT / "csmetrics_core",
    "csmetrics_addin": ROOT / "addin" / "csmetrics_addin",
    "csmetrics_workbooks": ROOT / "workbooks" / "csmetrics_workbooks",
    "csmetrics_panels": ROOT / "notebooks" / "csmetrics_panels",
}
#: What each package may use of the others.
ARROWS = {
    "csmetrics_core": (),
    "csmetrics_addin": ("csmetrics_core", "csmetrics_workbooks"),
    "csmetrics_workbooks": ("csmetrics_core", "csmetrics_addin"),
    "csmetrics_panels": ("csmetrics_core", "csmetrics_addin", "csmetrics_workbooks"),
}
MOST_LINES = 300
#: Modules that are larger for now, with the lines they may not grow beyond.
LARGER: dict[str, int] = {
    "addin/csmetrics_addin/audit/sheet_functions.py": 317,
    "addin/csmetrics_addin/pack/pages.py": 334,
    "csmetrics_core/company/company.py": 437,
    "csmetrics_core/declaration/kinds.py": 370,
    "csmetrics_core/declaration/spec.py": 320,
    "csmetrics_core/files/combining.py": 313,
    "csmetrics_core/files/dates.py": 327,
    "csmetrics_core/files/products/deals.py": 403,
    "csmetrics_core/files/products/surveys.py": 398,
    "csmetrics_core/files/shaping.py": 328,
    "csmetrics_core/metrics/by.py": 427,
    "csmetrics_core/metrics/nps.py": 323,
    "csmetrics_core/metrics/why.py": 349,
    "csmetrics_core/reductions/contract_lines.py": 354,
    "csmetrics_core/scorecard.py": 387,
    "csmetrics_core/tables/balance_rows.py": 327,
    "csmetrics_core/tables/customers.py": 301,
    "csmetrics_core/tables/engine.py": 310,
    "csmetrics_core/tables/ledger.py": 309,
    "csmetrics_core/tables/rows.py": 326,
    "notebooks/csmetrics_panels/dashboards/dashboard.py": 367,
    "notebooks/csmetrics_panels/data/frames.py": 324,
    "notebooks/csmetrics_panels/metric/compute.py": 339,
    "notebooks/csmetrics_panels/metric/form.py": 307,
    "notebooks/csmetrics_panels/metric/panel.py": 331,
    "notebooks/csmetrics_panels/screen/charts.py": 346,
    "workbooks/csmetrics_workbooks/data/userdata.py": 332,
    "workbooks/csmetrics_workbooks/kit/book.py": 311,
    "workbooks/csmetrics_workbooks/pages/votes_moved.py": 316,
    "workbooks/csmetrics_workbooks/recipes/unit_economics.py": 319,
}


@cache
def modules():
    """Dotted name -> file."""
    found = {}
    for package, folder in PACKAGES.items():
        for path in sorted(folder.rglob("*.py")):
            parts = [package, *path.relative_to(folder).with_suffix("").parts]
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def only_for_types(node):
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def statements(node):
    """Import statements that run, also those within functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif not only_for_types(child):
            yield from statements(child)


@cache
def imports(name):
    """Module of ours -> the line that imports it."""
    found = {}
    for node in statements(ast.parse(modules()[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            words = [alias.name for alias in node.names]
        else:
            words = [f"{node.module}.{alias.name}" for alias in node.names] + [str(node.module)]
        inner = [word for word in words if word in modules()]
        for word in inner:
            if not any(other.startswith(f"{word}.") for other in inner):  # the package of a module named beside it
                found[word] = node.lineno
    return found


def room(name):
    """The folder with a README of its own that a module stands in, or its package."""
    package, *rest = name.split(".")
    folder = ".".join([package, rest[0]]) if rest else package
    return folder if rest and (PACKAGES[package] / rest[0] / "README.md").exists() else package


ROOMS = sorted({room(name) for name in modules()} - set(PACKAGES))


def said(place):
    """The rooms a room's README says it uses."""
    package, folder = place.split(".")
    text = (PACKAGES[package] / folder / "README.md").read_text(encoding="utf-8")
    [line] = re.findall(r"^Uses: (.*)$", text, re.MULTILINE)
    return set(re.findall(r"`([\w.]+)`", line))


def where(name, used):
    return f"{modules()[name].relative_to(ROOT)}:{imports(name)[used]} imports {used}"


@pytest.mark.parametrize("place", ROOMS)
def test_a_room_uses_what_its_readme_says(place):
    used = defaultdict(list)
    for name in modules():
        for other in imports(name) if room(name) == place else ():
            if room(other) != place:
                used[room(other)].append(where(name, other))
    beyond = [line for target, lines in used.items() if target not in said(place) for line in lines]
    assert not beyond, f"{place}: its README does not say so"
    assert said(place) <= set(used), f"{place}: its README names rooms that it does not use"


def may_use(name, other):
    """Whether a module's package may use another's; templates know how a call is spelled, not how hosts get it."""
    own, top = name.split(".")[0], other.split(".")[0]
    to_hosts = own == "csmetrics_workbooks" and other.startswith(("csmetrics_addin.hosts", "csmetrics_addin.cli"))
    return own == top or (top in ARROWS[own] and not to_hosts)


def test_arrows_point_down():
    up = [where(name, other) for name in modules() for other in imports(name) if not may_use(name, other)]
    assert up == []


def circle(name, path, done):
    """The first circle of imports that a module is part of, as the chain of names; none where it is part of none."""
    if name in path:
        return [*path[path.index(name) :], name]
    if name in done:
        return []
    done.add(name)
    return next(filter(None, (circle(other, [*path, name], done) for other in imports(name))), [])


def test_no_module_imports_itself_by_a_circle():
    done = set()
    assert [found for name in modules() if (found := circle(name, [], done))] == []


def test_modules_stay_small():
    lines = {str(file.relative_to(ROOT)): file.read_text(encoding="utf-8").count("\n") for file in modules().values()}
    large = {path: count for path, count in lines.items() if count > LARGER.get(path, MOST_LINES)}
    assert not large, "one subject each?"
    assert [path for path in LARGER if lines.get(path, 0) <= MOST_LINES] == [], "no longer larger"


def test_every_room_has_a_readme():
    folders = {init.parent for package in PACKAGES.values() for init in package.glob("*/__init__.py")}
    assert [folder for folder in sorted(folders) if not (folder / "README.md").exists()] == []
