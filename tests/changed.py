"""`make check`: the test files of what changed against main, and a few quick ones that see most; none that is slow."""

import re
import subprocess
from collections.abc import Collection
from pathlib import Path

from tests.conftest import LONGEST

HERE = Path(__file__).parent
ROOT = HERE.parent
#: Each door once, in some seconds.
QUICK = "catalog explain import native published reference terms accessor by".split()


def changed() -> list[str]:
    """Files that differ from where this branch left main, and new ones, as paths from the root."""
    base = _git("merge-base", "HEAD", "main") or ["HEAD"]
    return _git("diff", "--name-only", *base) + _git("ls-files", "--others", "--exclude-standard")


def _git(*words: str) -> list[str]:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.split("\n")[:-1]


def tests_of(files: Collection[str]) -> list[str]:
    """The test files that changed, are called as a changed module, or import it.

    Example:
        >>> "test_intervals.py" in tests_of(["csmetrics_core/maths/intervals.py"])
        True
    """
    stems = {Path(file).stem for file in files if file.endswith(".py") and not file.startswith("tests/")}
    words = re.compile(rf"^\s*(?:from|import) .*\b({'|'.join(map(re.escape, sorted(stems)))})\b", re.MULTILINE)
    found = []
    for path in sorted(HERE.rglob("test_*.py")):
        own = f"tests/{path.relative_to(HERE).as_posix()}" in files or path.stem.removeprefix("test_") in QUICK
        named = any(path.stem.removeprefix("test_").startswith(stem) for stem in stems)
        if own or named or (stems and words.search(path.read_text(encoding="utf-8"))):
            found.append(path.relative_to(HERE).as_posix())
    return [name for name in found if name not in LONGEST and not name.startswith("hosts/")]


if __name__ == "__main__":
    print(*(f"tests/{name}" for name in tests_of(changed())))
