"""Every benchmark can be run: what it measures is for `make bench` to say."""

import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parent / "benchmarks"


def test_every_benchmark_finds_what_it_needs() -> None:
    command = [sys.executable, "-m", "tests.benchmarks", "--list"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=BENCHMARKS.parent.parent)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == sorted(p.stem.removeprefix("bench_") for p in BENCHMARKS.glob("bench_*.py"))
