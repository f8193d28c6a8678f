"""Long work on a thread of its own, so that typing never freezes: the newest job wins, and any can be stopped."""

import threading
from collections.abc import Callable
from typing import Any

#: After so many seconds of work a person sees that there is some.
PATIENCE = 0.4


class Cancelled(Exception):
    """The job was stopped, or a newer one took its place."""


class Job:
    """One piece of work, seen from inside."""

    def __init__(self, report: Callable[[float], None]) -> None:
        self._stop = threading.Event()
        self._report = report

    def stop(self) -> None:
        """Ask the work to end at its next step."""
        self._stop.set()

    @property
    def stopped(self) -> bool:
        """Whether it was asked to end."""
        return self._stop.is_set()

    def step(self, done: float = 0.0) -> None:
        """Say how far the work is, 0 to 1.

        Raises:
            Cancelled: it was asked to end.
        """
        if self.stopped:
            raise Cancelled
        if done:
            self._report(done)

    def rest(self, seconds: float) -> None:
        """Wait a little, in case a newer job comes."""
        if seconds and self._stop.wait(seconds):
            raise Cancelled


class Worker:
    """Runs the newest job.

    Args:
        background: on a thread; otherwise at once, which a script wants.
        busy: called with True once a job lasts, and with False when it is over.
        report: called with how far a job is, 0 to 1.
    """

    def __init__(
        self,
        background: bool,
        busy: Callable[[bool], None] = lambda _: None,
        report: Callable[[float], None] = lambda _: None,
    ) -> None:
        self._background = background
        self._busy = busy
        self._report = report
        self._turn = threading.RLock()
        self._job: Job | None = None
        self._thread: threading.Thread | None = None

    def submit(
        self,
        work: Callable[[Job], Any],
        show: Callable[[Any], None],
        fail: Callable[[Exception], None],
        delay: float = 0.0,
    ) -> None:
        """Start a job in place of the one that runs; `show` gets its result, unless it was replaced."""
        job = Job(self._report)
        with self._turn:
            self.cancel()
            self._job = job
        if not self._background:
            self._run(job, work, show, fail, 0)
            return
        self._thread = threading.Thread(target=self._run, args=(job, work, show, fail, delay), daemon=True)
        self._thread.start()

    def cancel(self) -> bool:
        """Stop the job that runs, if one does; its result is not shown."""
        with self._turn:
            job, self._job = self._job, None
        if job is not None:
            job.stop()
        return job is not None

    def wait(self, seconds: float | None = None) -> None:
        """Wait until the newest job is over."""
        waited = None
        while (thread := self._thread) not in (None, waited, threading.current_thread()):
            thread.join(seconds)
            waited = thread  # a job may have started the next one

    def _run(self, job: Job, work: Any, show: Any, fail: Any, delay: float) -> None:
        timer = threading.Timer(PATIENCE, self._show_busy, (job,))
        timer.daemon = True
        try:
            job.rest(delay)
            if self._background:
                timer.start()
            outcome, then = work(job), show
        except Cancelled:
            return
        except Exception as error:  # whatever it is, the card shows it and the panel lives on
            outcome, then = error, fail
        finally:
            timer.cancel()
        with self._turn:
            if self._job is job and not job.stopped:
                self._busy(False)
                self._job = None
                then(outcome)

    def _show_busy(self, job: Job) -> None:
        with self._turn:
            if self._job is job:
                self._busy(True)
