"""Files with something wrong in them are read or refused: no traceback, no abort, in a bounded time and memory."""

import os
import random

import pytest
from csmetrics_addin.cli import app
from mutations import mutated, seeds
from typer.testing import CliRunner

KIND = "Files with something wrong: mutated xlsx, csv, parquet and ods"
#: Files a kind; `make soak` style runs ask for more.
TRIES = int(os.environ.get("CSMETRICS_FUZZ", "40"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["xlsx", "csv", "parquet", "ods"])
def test_a_spoilt_file_is_read_or_refused(kind, tmp_path, tries):
    whole, run, failed = seeds()[kind], CliRunner(), []
    for seed in range(TRIES):
        file = tmp_path / f"{seed}.{kind}"
        file.write_bytes(mutated(kind, whole, random.Random(seed)))
        for words in (["compute", "NPS", str(file), "--scores", "nps"], ["scorecard", str(file)]):
            done = run.invoke(app, words)
            if done.exception and not isinstance(done.exception, SystemExit):
                failed.append((seed, words[0], repr(done.exception)))
        file.unlink()
    assert not failed, failed[:5]
    tries(2 * TRIES)
