"""Files with something wrong in them are read or refused: no traceback, no abort, in a bounded time and memory."""

import json
import random
import resource
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from time import monotonic

import pytest
from attacks import csmetrics
from csmetrics_addin.cli.app import app
from mutations import CORPUS, attacks, mutated
from typer.testing import CliRunner

KIND = "Files with something wrong: mutated xlsx, xlsb, xls, ods, csv and parquet"
MOST_SECONDS, MOST_MEMORY = 30, 2**30  # of one command; by which the process may grow


def seeds(soak: bool) -> Iterator[int]:
    """Twenty-five files of a kind; in a soak as many as ten minutes hold, for all kinds together."""
    until = monotonic() + 600 / len(CORPUS)
    for seed in count():
        if monotonic() > until if soak else seed == 25:
            return
        yield seed


def most_held() -> int:
    """The most memory this process ever held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@pytest.mark.parametrize("kind", CORPUS)
def test_a_file_that_is_whole_is_read(kind):
    done = CliRunner().invoke(app, ["compute", "NPS", str(CORPUS[kind]), "--scores", "nps", "--json"])
    assert json.loads(done.output)["value"] == 25.0


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", CORPUS)
def test_a_spoilt_file_is_read_or_refused(kind, tmp_path, tries, soak):
    whole, run, failed, tried, held = CORPUS[kind].read_bytes(), CliRunner(), [], 0, most_held()
    for seed in seeds(soak):
        file = tmp_path / f"{seed}.{kind}"
        file.write_bytes(mutated(kind, whole, random.Random(seed)))
        audit = [["audit", str(file)]] if kind == "xlsx" else []
        for words in (["compute", "NPS", str(file), "--scores", "nps"], ["scorecard", str(file)], *audit):
            begun = monotonic()
            done = run.invoke(app, words)
            tried += 1
            if done.exception and not isinstance(done.exception, SystemExit):
                failed.append((seed, words[0], repr(done.exception)))
            elif monotonic() - begun > MOST_SECONDS:
                failed.append((seed, words[0], f"{monotonic() - begun:.0f} s"))
        file.unlink()
    assert not failed, failed[:5]
    assert most_held() - held < MOST_MEMORY
    tries(tried)


@pytest.mark.parametrize("name", ["contradicts.xls", "contradicts.xlsb", "endless.xlsb"])
def test_a_file_in_which_its_reader_loses_its_way_is_refused_in_a_sentence(name, tmp_path):
    """Found by spoiling: the reader panicked, or asked for 21 GB, which ended Python with a page of its own words."""
    kind = name.split(".")[1]
    file = tmp_path / f"answers.{kind}"
    file.write_bytes(CORPUS[kind].with_name(name).read_bytes())
    for words in (["compute", "NPS", str(file), "--scores", "nps"], ["scorecard", str(file)]):
        done = csmetrics(*words, cwd=tmp_path)
        said = " ".join((done.stdout + done.stderr).decode().split())
        assert done.returncode == 3, said
        assert f"answers.{kind} cannot be opened (its parts contradict each other)" in said
        assert "panicked" not in said


def test_old_workbooks_are_read_within_bounds(tmp_path):
    """A reader that asks for all memory ends alone, and its caller says so."""
    taking = tmp_path / "taking.py"
    taking.write_text("from csmetrics_core.files import apart\napart._bounded()\nheld = bytearray(8 * 2**30)\n")
    done = subprocess.run([sys.executable, taking], capture_output=True, check=False)
    assert b"MemoryError" in done.stderr


FOUND = {"xlsx": (941, 1687, 1925, 5653), "parquet": (97, 140, 11951)}


def test_what_spoiling_found_stays_mended(tmp_path):
    """A list of texts that says it has four billion; a broken stream; a cell in a row nobody has; a year 294247."""
    paths = [tmp_path / f"{seed}.{kind}" for kind, seeds in FOUND.items() for seed in seeds]
    for path in paths:
        kind = path.suffix[1:]
        path.write_bytes(mutated(kind, CORPUS[kind].read_bytes(), random.Random(int(path.stem))))
    each = "import sys; from csmetrics_core.files import read_company; [read_company(path) for path in sys.argv[1:]]"
    done = subprocess.run([sys.executable, "-c", each, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


_EACH = """
import sys, time
from pathlib import Path
from csmetrics_core.files import read_company
for path in map(Path, sys.argv[1:]):
    begun = time.monotonic()
    report = read_company(path).report
    print(path.name, f"{time.monotonic() - begun:.1f}", *map(type, report.refused.values()), sep="\\t", flush=True)
"""


def test_files_that_hurt_a_reader_once_are_read_or_refused_in_seconds(tmp_path):
    paths = list(attacks(tmp_path))
    done = subprocess.run([sys.executable, "-c", _EACH, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-300:] + done.stderr[-2000:]
    told = [line.split("\t") for line in done.stdout.splitlines()]
    assert [name for name, *_ in told] == [path.name for path in paths]
    assert [name for name, seconds, *_ in told if float(seconds) > MOST_SECONDS] == []
