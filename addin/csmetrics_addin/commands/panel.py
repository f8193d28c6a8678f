"""`csmetrics panel [FILE]`: the dashboards as a web page on this machine."""

import os
import signal
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from csmetrics_addin.terminal import Problem, screen, styled

app = typer.Typer()

_NEEDS = ("voila", "ipywidgets", "plotly", "anywidget", "ipykernel")


@app.command()
def panel(
    file: Annotated[
        Path | None,
        typer.Argument(help="A workbook, CSV or Parquet file, or a folder of them; without it the sample company."),
    ] = None,
    port: Annotated[int, typer.Option(help="Port on this machine; 0 takes a free one.", min=0, max=65535)] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page.")] = True,
) -> None:
    """Open the dashboards as a web page, which only this machine can see. Ctrl+C ends it.

    Tables are recognised by their headings; no request leaves the machine.
    """
    missing = [name for name in _NEEDS if find_spec(name) is None]
    if missing:
        raise Problem(f"the panels need {', '.join(missing)}", "Run: pip install 'csmetrics[jupyter]'")
    if file is not None and not file.exists():
        raise Problem(f"there is no {file}", "Check the name of the file.")
    port = port or free_port()
    with TemporaryDirectory(prefix="csmetrics-panel-") as folder:
        notebook = write_notebook(Path(folder), file)
        screen().print(styled(f"The dashboards are at http://127.0.0.1:{port}/ until Ctrl+C."))
        code = serve(command(notebook, port, browser), environment(Path(folder)))
    if code > 0:
        raise Problem("Voila ended with an error", f"Is port {port} taken? Choose another with --port.")


def serve(words: list[str], env: dict[str, str]) -> int:
    """Run the server until it ends or this command is asked to; it never outlives the command."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    server = subprocess.Popen(words, env=env)
    try:
        return server.wait()
    except KeyboardInterrupt:
        server.terminate()
        server.wait()
        return 0


def write_notebook(folder: Path, file: Path | None) -> Path:
    """A notebook of one cell that shows the dashboards; the file's name is data, not code."""
    import nbformat

    given = "" if file is None else repr(str(file.resolve()))
    source = f"from csmetrics_panels import dashboards\n\ndashboards({given})"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    notebook.metadata.title = "csmetrics"
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path = folder / "csmetrics.ipynb"
    nbformat.write(notebook, path)
    return path


def command(notebook: Path, port: int, browser: bool) -> list[str]:
    """How Voila is started: for this machine only, with a page that asks nothing from outside."""
    return [
        sys.executable, "-m", "voila", str(notebook), f"--port={port}", "--Voila.ip=127.0.0.1",
        "--VoilaConfiguration.template=csmetrics", "--VoilaConfiguration.show_tracebacks=True",
        *([] if browser else ["--no-browser"]),
    ]  # fmt: skip


def environment(folder: Path) -> dict[str, str]:
    """The environment of the server: our page template is found, and the kernel is this Python's."""
    spec = find_spec("csmetrics_panels")
    if spec is None or spec.origin is None:
        raise Problem("the panels are not installed", "Run: pip install 'csmetrics[jupyter]'")
    kernels = folder / "jupyter"
    home = kernels / "kernels" / "python3"
    home.mkdir(parents=True)
    words = f'{{"argv": ["{Path(sys.executable).as_posix()}", "-m", "ipykernel_launcher", "-f", "{{connection_file}}"]'
    (home / "kernel.json").write_text(words + ', "display_name": "Python 3", "language": "python"}', "utf-8")
    paths = [str(Path(spec.origin).parent), os.environ.get("JUPYTER_PATH", "")]
    own = {"JUPYTER_DATA_DIR": str(kernels), "JUPYTER_RUNTIME_DIR": str(kernels / "runtime")}
    return {**os.environ, **own, "JUPYTER_PATH": os.pathsep.join(filter(None, paths))}


def free_port() -> int:
    """A port nobody uses now."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])
