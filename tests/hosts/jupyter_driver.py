"""A real JupyterLab or Voila with Chromium before it, on this machine alone; anything it asks outside is noted."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
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
    home.mkdir(exist_ok=True)
    env = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(home / "config"), "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_DATA_DIR": str(home / "data"), "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_PATH": str(Path(csmetrics_panels.__file__).parent), "PYTHONWARNINGS": "default",
    }  # fmt: skip
    commands = {
        "lab": ["jupyterlab", "--allow-root", "--ip=127.0.0.1", "--IdentityProvider.token=", "--ServerApp.password=",
                "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.news_url=None",
                f"--ServerApp.root_dir={folder}"],
        "voila": ["voila", str(folder), "--Voila.ip=127.0.0.1", "--VoilaConfiguration.template=csmetrics"],
    }  # fmt: skip
    command = [sys.executable, "-m", *commands[kind], "--no-browser", f"--port={port}"]
    with _running(command, folder / f"{kind}.log", f"http://127.0.0.1:{port}", env) as address:
        yield address


@contextmanager
def command_server(file: Path) -> Iterator[str]:
    """`csmetrics panel FILE`; gives its address."""
    port = free_port()
    command = [sys.executable, "-m", "csmetrics_addin.cli", "panel", str(file), "--no-browser", f"--port={port}"]
    env = {**os.environ, "JUPYTER_CONFIG_DIR": str(file.parent / "config"), "IPYTHONDIR": str(file.parent / "ipython")}
    with _running(command, file.parent / "panel.log", f"http://127.0.0.1:{port}", env) as address:
        yield address


@contextmanager
def _running(command: list[str], log: Path, address: str, env: dict[str, str]) -> Iterator[str]:
    with log.open("w") as held:
        process = subprocess.Popen(
            command, env=env, cwd=log.parent, stdin=subprocess.DEVNULL, stdout=held, stderr=subprocess.STDOUT
        )
    try:
        _wait(process, address, log)
        yield address
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait(process: subprocess.Popen, address: str, log: Path) -> None:
    end = time.monotonic() + _START
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(address, timeout=5)
            return
        except OSError:
            time.sleep(0.3)
    raise AssertionError(f"no answer from {address}:\n{log.read_text()[-2000:]}")


class Watch:
    """What a page asked for outside this machine, and what it complained of."""

    def __init__(self, page, address: str) -> None:
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
    """Open a notebook and run all its cells; ready when something of ours is shown."""
    if kind == "lab":
        page.goto(f"{address}/lab/tree/{name}.ipynb?reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=90_000)
        # A kernel that is still starting may swallow the first request on a busy machine.
        page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status='idle']", state="attached", timeout=90_000)
        for _ in range(3):
            page.locator(".jp-Cell .cm-content").first.click()
            page.get_by_role("menuitem", name="Run", exact=True).first.click()
            page.get_by_text("Run All Cells", exact=True).click()
            if _shown(page, 45_000):
                return
    else:
        page.goto(f"{address}/voila/render/{name}.ipynb", timeout=90_000)
    assert _shown(page, 120_000), page.locator("body").inner_text()[:2000]


def _shown(page, milliseconds: int) -> bool:
    from playwright.sync_api import TimeoutError as NotYet

    try:
        page.wait_for_selector(".csm", timeout=milliseconds)
    except NotYet:
        return False
    return True
