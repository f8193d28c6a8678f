"""A real JupyterLab or Voila with Chromium before it, on this machine alone; anything it asks outside is noted."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
#: A browser, a server and a kernel on two busy cores lose a message now and then; a fault fails three times over.
STUMBLES = pytest.mark.flaky(reruns=2)
_START = 120  # seconds a server may take on a busy machine


def needs_browser() -> None:
    """Skip where there is no Chromium; in CI that is a failure."""
    if not CHROMIUM:
        assert os.environ.get("CI") != "true", "Chromium is missing"
        pytest.skip("needs Chromium: install chromium")
    pytest.importorskip("playwright")


def write_notebook(path: Path, cells: Sequence[str]) -> None:
    """A notebook of code cells."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@contextmanager
def server(kind: str, folder: Path) -> Iterator[str]:
    """A JupyterLab or Voila over a folder of notebooks; gives its address."""
    import csmetrics_panels

    port, home = free_port(), folder / ".jupyter"
    _quiet(home / "config")
    env = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(home / "config"), "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_DATA_DIR": str(home / "data"), "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_PATH": str(Path(csmetrics_panels.__file__).parent), "PYTHONWARNINGS": "default",
    }  # fmt: skip
    commands = {
        "lab": ["jupyterlab", "--allow-root", "--ip=127.0.0.1", "--IdentityProvider.token=", "--ServerApp.password=",
                "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.news_url=None",
                "--LabApp.expose_app_in_browser=True", "--ServerApp.disable_check_xsrf=True",
                f"--ServerApp.root_dir={folder}"],
        "voila": ["voila", str(folder), "--Voila.ip=127.0.0.1", "--VoilaConfiguration.template=csmetrics"],
    }  # fmt: skip
    command = [sys.executable, "-m", *commands[kind], "--no-browser", f"--port={port}"]
    with _running(command, folder / f"{kind}.log", lambda: f"http://127.0.0.1:{port}", env) as address:
        yield address


def _quiet(config: Path) -> None:
    """No question about news over the page of a new user; no Node on each page to see whether to build it anew."""
    said = {
        "lab/user-settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
            "fetchNews": "false", "checkForUpdates": False,
        },
        "labconfig/page_config.json": {"buildCheck": False, "buildAvailable": False},
    }  # fmt: skip
    for name, content in said.items():
        path = config / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))


@contextmanager
def command_server(file: Path) -> Iterator[str]:
    """`csmetrics panel FILE`; gives its address."""
    command, log = [sys.executable, "-m", "csmetrics_addin", "panel", str(file), "--no-browser"], file.parent / "log"

    def address() -> str:
        return next((word for word in log.read_text().split() if word.startswith("http://")), "")

    with _running(command, log, address, dict(os.environ)) as found:
        yield found


@contextmanager
def marimo_server(file: Path) -> Iterator[str]:
    """A notebook of marimo as an app; gives its address."""
    port = free_port()
    command = ["marimo", "run", str(file), "--headless", "--no-token", "--host=127.0.0.1", f"--port={port}"]
    log = file.parent / "log"
    with _running([sys.executable, "-m", *command], log, lambda: f"http://127.0.0.1:{port}", dict(os.environ)) as found:
        yield found


@contextmanager
def _running(command: list[str], log: Path, address: Callable[[], str], env: dict[str, str]) -> Iterator[str]:
    with log.open("w") as held:
        process = subprocess.Popen(
            command, env=env, cwd=log.parent, stdin=subprocess.DEVNULL, stdout=held, stderr=subprocess.STDOUT
        )
    try:
        yield _wait(process, address, log)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(process: subprocess.Popen, address: Callable[[], str], log: Path) -> str:
    end = time.monotonic() + _START
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(address(), timeout=5)
            return address()
        except (OSError, ValueError):  # not there yet, or not said yet where
            time.sleep(0.3)
    raise AssertionError(f"no answer from {address()}:\n{log.read_text()[-2000:]}")


class Watch:
    """What a page asked for outside this machine, and what it complained of."""

    def __init__(self, page, address: str) -> None:
        page.watch = self  # who waits for the page learns at once that something went wrong
        self.outside: list[str] = []
        self.errors: list[str] = []
        inside = (address, address.replace("http", "ws"), "data:", "blob:", "about:")
        page.on("request", lambda r: None if r.url.startswith(inside) else self.outside.append(r.url))
        page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def check(self) -> None:
        """Nothing went outside, nothing was wrong."""
        assert not self.outside, self.outside
        assert not self.errors, self.errors


def expect(page, text: str) -> None:
    """Wait until a text is shown; an error in the page's console ends the wait."""
    from playwright.sync_api import TimeoutError as NotYet

    for _ in range(40):
        try:
            page.wait_for_function("text => document.body.innerText.includes(text)", arg=text, timeout=1000)
            return
        except NotYet:
            page.watch.check()
    raise AssertionError(f"{text!r} is not shown: {page.locator('body').inner_text()[:3000]}")


@contextmanager
def chromium() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=_CHROMIUM_FLAGS, headless=True)
        try:
            yield browser
        finally:
            browser.close()


def open_notebook(kind: str, address: str, page, name: str) -> None:
    """Open a notebook and run all its cells; ready when something of ours is shown.

    In a JupyterLab that is open already another notebook is opened, as a person does; loading the page anew takes
    half of a test. A kernel that does not start, or a cell that fails, is said at once with its own words.
    """
    if kind == "voila":
        page.goto(f"{address}/voila/render/{name}.ipynb")
    else:
        if not page.url.startswith(f"{address}/lab"):
            page.goto(f"{address}/lab?reset")
            page.wait_for_function("window.jupyterapp?.restored")
        page.evaluate(_RUN_ALL, f"{name}.ipynb")
    page.locator(f".csm, {_FAILED}").first.wait_for(timeout=60_000)
    failed = page.locator(_FAILED)
    assert not failed.count(), failed.first.inner_text()


_FAILED = "[data-mime-type='application/vnd.jupyter.stderr'], [data-mime-type='application/vnd.jupyter.error']"
_RUN_ALL = """async (path) => {
    const { commands, restored } = window.jupyterapp;
    await restored;
    const notebook = await commands.execute("docmanager:open", { path });
    await notebook.context.ready; await notebook.sessionContext.ready;
    await commands.execute("notebook:run-all-cells");
}"""
_CLOSE_ALL = """() => {
    for (const open of [...window.jupyterapp.shell.widgets("main")]) open.dispose();
}"""


def leave(kind: str, address: str, page, *, keep_kernel: bool = False) -> None:
    """Leave a notebook, and end its kernel as a person would who is done with it: idle ones slow the next down."""
    if kind == "voila":
        page.goto("about:blank")  # leaving the page tells Voila
        return
    if page.url.startswith(address):
        page.evaluate(_CLOSE_ALL)
    if not keep_kernel:
        for session in page.request.get(f"{address}/api/sessions").json():
            page.request.delete(f"{address}/api/sessions/{session['id']}")
