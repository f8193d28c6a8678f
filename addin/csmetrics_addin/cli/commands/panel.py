"""`csmetrics panel [FILE]`: the dashboards as a web page on this machine."""

import json
import os
import shutil
import subprocess
import sys
import webbrowser
from ast import literal_eval
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path
from tempfile import gettempdir
from threading import Thread
from typing import TYPE_CHECKING, Annotated, Any

import typer

from csmetrics_addin.cli import entrance
from csmetrics_addin.cli.terminal import BAD_DATA, Problem, plain, screen, styled
from csmetrics_addin.hosts.programs import PYTHON, environment

if TYPE_CHECKING:
    from csmetrics_core.files import Said

app = typer.Typer()

_NEEDS = ("voila", "ipywidgets", "plotly", "anywidget", "ipykernel")
#: Makes a folder, waits until the command has ended, however that was, and takes the folder away. It alone makes it,
#: so that there is none without somebody to sweep it. Kernels end by themselves once their parent has.
_SWEEPER = """
import shutil, signal, sys, tempfile, time
for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"):
    if hasattr(signal, name):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
folder = tempfile.mkdtemp(prefix="csmetrics-panel-")
is_swept = ""
try:
    print(ascii(folder), flush=True)
    is_swept = sys.stdin.read()
finally:
    for _ in range(1 if is_swept else 20):
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0 if is_swept else 0.2)
"""


@app.command()
@entrance.reads_files
def panel(
    file: Annotated[
        Path | None,
        typer.Argument(help="A workbook, CSV or Parquet file, or a folder of them; without it the sample company."),
    ] = None,
    port: Annotated[int, typer.Option(help="Port on this machine; 0 takes a free one.", min=0, max=65535)] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
    *,
    said: Any = None,
) -> None:
    """Open the dashboards as a web page that only you can see. Ctrl+C ends it.

    The address carries a key, new each time. Tables are recognised by their headings; no request leaves the machine.
    """
    missing = [name for name in _NEEDS if find_spec(name) is None]
    if missing:
        raise Problem(f"the panels need {', '.join(missing)}", "Run: pip install 'csmetrics[jupyter]'")
    if file is not None and not file.exists():
        raise Problem(f"there is no {plain(file)}", "Check the name of the file.")
    given = file.resolve() if file else None
    with own_folder() as folder:
        # jsonschema would build the grammar of international addresses, half of the start, for a check unused here.
        sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
        from csmetrics_addin.cli.page import serve

        def tell(address: str) -> None:
            screen().print(styled(f"The dashboards are at {address} until Ctrl+C."), soft_wrap=True)
            if browser:
                _open(folder, address)

        try:
            serve(write_notebook(folder, given, said), port, tell)
        except OSError as error:
            if error.strerror is None or not port:
                raise
            fix = "Choose another with --port, or leave it out."
            raise Problem(f"port {port} cannot be used ({error.strerror})", fix) from None


@contextmanager
def own_folder() -> Iterator[Path]:
    """A new folder only this person can read, which the server and its kernels are in; it ends with the command."""
    words = [sys.executable, "-I", "-S", "-c", _SWEEPER]
    sweeper = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=gettempdir(),
        start_new_session=True,
    )  # fmt: skip
    assert sweeper.stdout is not None
    made = sweeper.stdout.readline()
    if not made:
        raise Problem("there is no room for temporary files", f"Make room in {gettempdir()}.", code=BAD_DATA)
    folder = Path(literal_eval(made.decode()))
    try:
        os.chdir(folder)
        settings = environment() | _jupyter(folder)
        os.environ.clear()
        os.environ.update(settings)
        yield folder
    finally:
        os.chdir(gettempdir())
        shutil.rmtree(folder, ignore_errors=True)
        sweeper.communicate(b"nothing is left")


def _jupyter(folder: Path) -> dict[str, str]:
    """Where Jupyter looks: for our page template and for this Python as its kernel, and for nobody's settings."""
    spec = find_spec("csmetrics_panels")
    if spec is None or spec.origin is None:
        raise Problem("the panels are not installed", "Run: pip install 'csmetrics[jupyter]'")
    home = folder / "jupyter" / "kernels" / "python3"
    home.mkdir(parents=True)
    start = [*PYTHON, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernel = {"argv": start, "display_name": "Python 3", "language": "python"}
    (home / "kernel.json").write_text(json.dumps(kernel), "utf-8")
    data = str(folder / "jupyter")
    return {
        "JUPYTER_PATH": os.pathsep.join([data, str(Path(spec.origin).parent)]),
        "JUPYTER_DATA_DIR": data,
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTER_CONFIG_DIR": str(folder / "settings"),
        "JUPYTER_CONFIG_PATH": str(folder / "settings"),
        "JUPYTER_NO_CONFIG": "1",
        "IPYTHONDIR": str(folder / "ipython"),
    }


def write_notebook(folder: Path, file: Path | None, said: "Said | None" = None) -> Path:
    """A notebook of one cell that shows the dashboards; the file's name and what was said of it are data, not code."""
    import nbformat

    words = [] if file is None else [repr(str(file))]
    words += [f"{one.name}={value!r}" for one in fields(said) if (value := getattr(said, one.name))] if said else []
    lead = "import datetime\n\n" if said and said.as_of else ""
    source = f"{lead}from csmetrics_panels import dashboards\n\ndashboards({', '.join(words)})"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    notebook.metadata.title = "csmetrics"
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / "csmetrics.ipynb"
    nbformat.write(notebook, path)
    return path


def _open(folder: Path, address: str) -> None:
    """Show the page; a browser is given a file that leads there, for others can read how a program was started."""
    page = folder / "open.html"
    page.write_text(f'<meta http-equiv="refresh" content="0;url={address}"><a href="{address}">The dashboards</a>')
    Thread(target=webbrowser.open, args=(page.as_uri(),), daemon=True).start()
