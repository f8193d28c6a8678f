"""`csmetrics audit FILE`: does a workbook show what the functions make of its inputs?"""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from csmetrics_addin.cli.entrance import must_be_file
from csmetrics_addin.cli.terminal import BAD_DATA, grid, plain, screen, working

app = typer.Typer()


@app.command("audit")
def audit_file(
    file: Annotated[Path, typer.Argument(help="A workbook (.xlsx); it is read, never written.", show_default=False)],
    every: Annotated[bool, typer.Option("--all", help="List every cell, not only those that differ.")] = False,
) -> None:
    """Recompute every cell that calls our functions, or holds their plain form, from the inputs the file holds.

    Exit code 3 when a cell shows something else than the functions give: the check before the board meeting.
    A plain form is known by its checks or its constants; arithmetic that could be anybody's, such as B2/C2, is not
    taken for a metric.
    """
    from csmetrics_addin.audit.auditing import audit

    must_be_file(file)
    with working(f"Reading {plain(file.name)}..."):
        found = audit(file)
    shown = [one for one in found if every or one.verdict == "differs"]
    if shown:
        # Numbers keep to one line; texts are folded, or the columns beside them would have no room.
        align = "left" if any(isinstance(value, str) for o in shown for value in (o.shown, o.computed)) else "right"
        columns = (("cell", "left"), ("function", "left"), ("shown", align), ("computed", align), ("", "left"))
        rows = [
            (o.place, o.functions, _text(o.shown), _text(o.computed), f"{o.verdict}: {o.why}" if o.why else o.verdict)
            for o in shown
        ]
        screen().print(grid(columns, rows))
    counts = Counter(one.verdict for one in found)
    words = (("agrees", "agree"), ("differs", "differ"), ("not checked", "not checked"))
    said = ", ".join(f"{n} {verdict if n == 1 else word}" for verdict, word in words if (n := counts[verdict]))
    cells = (
        "1 cell calls our functions or holds" if len(found) == 1 else f"{len(found)} cells call our functions or hold"
    )
    said = f"{plain(file.name)}: {cells} their plain form{f'; {said}' if said else ''}."
    screen().print(said, soft_wrap=True)
    if not every:
        for why, count in Counter(one.why for one in found if one.verdict == "not checked").most_common(5):
            screen().print(f"not checked: {count} ({plain(why)})", soft_wrap=True)
    if counts["differs"]:
        raise typer.Exit(BAD_DATA)


def _text(value: object) -> str:
    return "" if value is None else f"{value:,.6g}" if isinstance(value, float) else plain(value)
