"""The functions as text for Excel Labs' Advanced Formula Environment, which makes LAMBDA names of it."""

from pathlib import Path

from csmetrics_core.declaration.catalog import CATALOG
from csmetrics_core.declaration.dynamic import lambda_form, with_semicolons
from csmetrics_core.version import __version__

#: File name of the text for Excel Labs -> how its locale separates arguments.
MODULES = {"csmetrics-comma.txt": ",", "csmetrics-semicolon.txt": ";"}


def module(separator: str = ",") -> str:
    """The text of a module.

    Args:
        separator: what separates arguments in the locale: a comma, or a semicolon where the comma is the decimal sign.
    """
    parts = [f"/* csmetrics {__version__}: customer success metrics. MIT licence. */"]
    for metric in sorted(CATALOG.values(), key=lambda m: m.name):
        form = lambda_form(metric)
        if form is not None:
            form = form if separator == "," else with_semicolons(form)
            parts.append(f"/** {metric.summary} */\n{metric.excel_name} = {form};")
    return "\n\n".join(parts) + "\n"


def build(folder: Path) -> list[Path]:
    """Write the text for every kind of locale."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, separator in MODULES.items():
        (folder / name).write_text(module(separator), encoding="utf-8")
    return [folder / name for name in MODULES]
