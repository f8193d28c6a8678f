"""Long work: it runs beside the screen, says so, can be stopped, and the newest job wins."""

import sys
import threading

import pytest
from csmetrics_panels import panel
from csmetrics_panels.screen import work
from csmetrics_panels.screen.work import Cancelled, Job, Worker


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "PATIENCE", 0.0)


def test_a_job_that_lasts_is_shown_and_can_be_cancelled(impatient: None) -> None:
    started, release, busy, shown = threading.Event(), threading.Event(), threading.Event(), []
    ended = threading.Event()
    worker = Worker(True, lambda is_busy: busy.set() if is_busy else None)

    def slow(job: Job) -> str:
        started.set()
        release.wait(30)
        try:
            job.step(0.5)
        except Cancelled:
            ended.set()
            raise
        return "late"

    worker.submit(slow, shown.append, shown.append)
    assert started.wait(30)
    assert busy.wait(30)
    assert worker.cancel()
    release.set()
    worker.wait(30)
    assert ended.is_set()
    assert shown == []
    assert not worker.cancel()


def test_the_newest_job_wins_and_typing_waits_its_turn() -> None:
    shown: list = []
    worker = Worker(True)
    for number in range(20):
        worker.submit(lambda job, n=number: n, shown.append, shown.append, delay=0.5 if number < 19 else 0)
    worker.wait(30)
    assert shown == [19]


def test_a_failure_is_handed_over_and_the_next_job_runs() -> None:
    shown: list = []
    worker = Worker(False)
    worker.submit(lambda job: 1 / 0, shown.append, lambda error: shown.append(type(error)))
    worker.submit(lambda job: "fine", shown.append, shown.append)
    assert shown == [ZeroDivisionError, "fine"]


def test_progress_is_reported() -> None:
    seen: list[float] = []
    worker = Worker(False, report=seen.append)
    worker.submit(lambda job: [job.step(part / 4) for part in range(1, 5)], lambda _: None, lambda _: None)
    assert seen == [0.25, 0.5, 0.75, 1.0]


def test_a_failure_nobody_foresaw_is_said_and_the_panel_lives_on(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = panel("nps", data={"score": [10, 0], "group": ["<b>", "b"]})
    monkeypatch.setattr(sys.modules["csmetrics_panels.metric.panel"], "chart_for", lambda _: 1 / 0)
    shown.choose(segment_by="group")
    assert "ZeroDivisionError: division by zero" in shown._card.value
    assert shown.value is None
    monkeypatch.undo()
    shown.choose(segment_by="")
    assert shown.value == 0


def test_cancelling_a_panel_keeps_what_is_shown() -> None:
    shown = panel("nps", data={"score": [10, 0]})
    before = shown._card.value
    shown._stop()
    assert shown._card.value == before
    assert "Cancelled" in shown._refused.value
    assert shown._busy.layout.visibility == "hidden"
