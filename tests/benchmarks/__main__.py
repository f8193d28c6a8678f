"""`make bench`: ours beside what a user would write by hand, in one run, as ratios.

Arguments: names of benchmark files to run (`core movements`), and `--large` for sizes that take minutes.
"""

import argparse
import importlib
import inspect
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "hosts")]  # as pytest finds what the tests share


def main() -> None:
    """Run the chosen benchmarks and print a row for each."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("names", nargs="*", help="files to run, without bench_")
    parser.add_argument("--large", action="store_true", help="the sizes that take minutes too")
    parser.add_argument("--list", action="store_true", help="name the files and run none")
    chosen = parser.parse_args()
    names = chosen.names or sorted(p.stem.removeprefix("bench_") for p in HERE.glob("bench_*.py"))
    benchmarks = {name: importlib.import_module(f"tests.benchmarks.bench_{name}").rows for name in names}
    if chosen.list:
        print(*benchmarks, sep="\n")
        return
    table = Table("benchmark", "ours", "by hand", "ratio", "goal", title="Ours beside what a user would write by hand")
    for name, rows in benchmarks.items():
        for row in rows(large=chosen.large) if "large" in inspect.signature(rows).parameters else rows():
            label, ours, theirs, goal = row
            ratio = f"{ours / theirs:.2f}" if theirs else ""
            table.add_row(f"{name}: {label}", duration(ours), duration(theirs) if theirs else "", ratio, str(goal))
    Console().print(table)


def duration(seconds: float) -> str:
    """A time in the unit that suits it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


if __name__ == "__main__":
    main()
