"""The command `csmetrics`: a thin frame that imports a command when it is asked for, and turns problems into words."""

import ast
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from csmetrics_addin.cli.terminal import BAD_DATA, USAGE, Problem, plain, screen

#: What is raised for a wrong call; each generation of Typer has another name for what its errors have in common.
WrongUse: type[Exception] = next(c for c in typer.BadParameter.mro() if c.__base__ is Exception)
#: Command -> the module that holds it as `app`; several commands may live in one module.
COMMANDS = {
    "list": "catalogue",
    "explain": "catalogue",
    "compute": "compute",
    "change": "moved",
    "why": "moved",
    "scorecard": "scorecard",
    "demo": "demo",
    "addin": "addin",
    "workbook": "workbook",
    "audit": "audit",
    "report": "report",
    "panel": "panel",
    "reconcile": "reconcile",
    "forecast": "forecast",
    "compare": "compare",
    "pack": "pack",
}
_FOLDER = "csmetrics_addin.cli.commands"


class LazyCommands(TyperGroup):
    """Commands that are imported when they are asked for, so that a quick one starts quickly."""

    listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        """The commands that are installed."""
        return [name for name, module in COMMANDS.items() if find_spec(f"{_FOLDER}.{module}")]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """One command; None where there is no such. While all are listed, no more of it than its sentence."""
        if cmd_name not in self.list_commands(ctx):
            return None
        if self.listing and (sentence := summary(cmd_name)):
            return TyperCommand(cmd_name, help=sentence)
        found: Any = get_command(import_module(f"{_FOLDER}.{COMMANDS[cmd_name]}").app)
        # A module may hold several commands, one of them by this name, or be one command itself.
        command = getattr(found, "commands", {}).get(cmd_name, found)
        command.name = cmd_name
        return command

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The list of commands, without importing any."""
        self.listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self.listing = False

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Names are suggested from all commands, imported or not."""
        self.commands = dict.fromkeys(self.list_commands(ctx), self)
        return super().resolve_command(ctx, args)

    def make_context(self, *given: Any, **more: Any) -> Any:
        """Read what was typed; a file's name among it does not steer the terminal."""
        try:
            return super().make_context(*given, **more)
        except WrongUse as error:
            _disarm(error)
            raise

    def invoke(self, ctx: Any) -> Any:
        """Run a command; a problem becomes a sentence on stderr and an exit code, never a traceback."""
        try:
            return super().invoke(ctx)
        except WrongUse as error:
            _disarm(error)
            raise
        except Problem as problem:
            fail(problem, problem.code)
        except ValueError as error:
            _refused(error)
            raise
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            fail(f"{error.filename}: {error.strerror}." if error.filename else f"{str(error).rstrip('.')}.", BAD_DATA)


def summary(command: str) -> str:
    """What a command's module says of it: the text of its function, or the help of its group; read, not imported."""
    source = Path(__file__).with_name("commands") / f"{COMMANDS[command]}.py"
    for part in ast.parse(source.read_bytes()).body:
        if isinstance(part, ast.FunctionDef):
            calls = [c for c in part.decorator_list if isinstance(c, ast.Call) and ast.unparse(c.func) == "app.command"]
            named = [c.args[0].value if c.args and isinstance(c.args[0], ast.Constant) else part.name for c in calls]
            if command in named:
                return ast.get_docstring(part) or ""
        elif isinstance(part, ast.Assign) and isinstance(part.value, ast.Call):
            helps = [k.value for k in part.value.keywords if k.arg == "help" and isinstance(k.value, ast.Constant)]
            if ast.unparse(part.value.func) == "typer.Typer" and helps:
                return str(helps[0].value)
    return ""


def _refused(error: ValueError) -> None:
    """Leave with the sentence of an error of ours; the family is loaded only now, as it takes a third of the start."""
    from csmetrics_core.errors import MetricError, UnknownMetric, WrongCall

    if isinstance(error, UnknownMetric) and not error.near:
        error.fix = "csmetrics list shows them all."
    if isinstance(error, MetricError):
        fail(error, USAGE if isinstance(error, UnknownMetric | WrongCall) else BAD_DATA)


def _disarm(error: Exception) -> None:
    """What was typed wrong may be a file's name: repeated in a message, it must not steer the terminal."""
    if isinstance(message := getattr(error, "message", None), str):
        error.message = "\n".join(map(plain, message.split("\n")))  # type: ignore[attr-defined]


def fail(why: object, code: int) -> None:
    """Say what is wrong on stderr and leave with an exit code."""
    screen(error=True).print(plain(why), soft_wrap=True)
    raise typer.Exit(code)


app = typer.Typer(
    cls=LazyCommands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Customer success metrics from the command line: NPS, MRR, churn, retention and more, with n, "
    "interval and what was left out.",
    epilog="Start with: csmetrics demo",
)


def _version(wanted: bool) -> None:
    if wanted:
        from csmetrics_core.version import __version__

        screen().print(f"csmetrics {__version__}")
        raise typer.Exit()


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and leave.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Options of the command itself."""


def main() -> None:
    """Run the command; signs the terminal cannot show are replaced, never a reason to stop."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    app()
