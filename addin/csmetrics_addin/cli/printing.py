"""Options of commands that write pages to hand over: whose figures, in what, on which paper."""

from typing import Annotated

import typer

from csmetrics_addin.cli.terminal import Problem, plain

Company = Annotated[str, typer.Option(help="The name on its pages.")]
Currency = Annotated[str, typer.Option(help="What amounts are in, such as EUR, where no file says it.")]
PaperSize = Annotated[str, typer.Option(metavar="a4|letter", help="The size of its pages.")]


def check_paper(paper: str) -> None:
    """Refuse a paper that no page is laid out for."""
    if paper not in ("a4", "letter"):
        raise Problem(f"--paper is {plain(paper)}", "Say a4 or letter.")
