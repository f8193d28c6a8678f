"""The Visual Basic text of the classic add-in: a wrapper for every metric, and its help for the function wizard."""

import unicodedata
from importlib.resources import files

from csmetrics_addin.slots import Slot, description, slots
from csmetrics_core import CATALOG
from csmetrics_core.declaration.spec import Metric, Role

_SPELLED_OUT = {"−": "-", "≥": ">=", "≤": "<=", "≠": "<>", "≈": "about ", "√": "root of ", "→": "->", "Σ": "sum of ",
                "∞": "infinity"}  # fmt: skip
_WRAPPERS_HEAD = """Attribute VB_Name = "csmetrics_functions"
Option Explicit
' One function for every metric. Generated from the catalogue.
"""
_HELP_HEAD = """Attribute VB_Name = "csmetrics_help"
Option Explicit
Option Private Module
' What the function wizard shows. Generated from the catalogue.

Private Sub Describe(ByVal function_name As String, ByVal text As String, ByVal category As String, texts As Variant)
    Dim macro_name As String
    On Error Resume Next ' a text Excel refuses must not cost the other functions theirs
    macro_name = "'" & ThisWorkbook.Name & "'!" & function_name
    If IsArray(texts) Then
        Application.MacroOptions Macro:=macro_name, Description:=text, Category:=category, ArgumentDescriptions:=texts
    Else
        Application.MacroOptions Macro:=macro_name, Description:=text, Category:=category
    End If
End Sub

' Excel describes functions of workbooks that are not hidden only: an add-in shows itself for that moment.
Public Sub RegisterHelp()
    On Error GoTo done
    Application.ScreenUpdating = False
    ThisWorkbook.IsAddin = False
"""
_HELP_FOOT = """done:
    ThisWorkbook.IsAddin = True
    ThisWorkbook.Saved = True
    Application.ScreenUpdating = True
End Sub
"""
_COMMAND = """Function XLPyCommand()
    ' Nothing of a workbook is read: there may be none.
    XLPyCommand = Chr(34) & GetConfig("INTERPRETER_WIN") & Chr(34) & " " & {what} & " " & python_restarts
End Function"""
# Excel must have a window before functions can be described.
_ON_OPEN = """
Private Sub Workbook_Open()
    Application.OnTime Now, "'" & ThisWorkbook.Name & "'!RegisterHelp"
End Sub
"""


def on_open() -> str:
    """What the workbook itself runs when it opens."""
    return _windows_lines(_ON_OPEN)


def command(what: str) -> str:
    """The function that gives the command line by which Python is started, with what it is to run."""
    return _windows_lines(_COMMAND.format(what='"' + what.replace('"', '""') + '"'))


def modules() -> dict[str, str]:
    """The text of every module we add, by name."""
    static = ("csmetrics_calls", "csmetrics_ribbon")
    data = files("csmetrics_addin.hosts") / "data"
    metrics = sorted(CATALOG.values(), key=lambda metric: metric.name)
    texts = {name: (data / f"{name}.bas").read_text(encoding="utf-8") for name in static}
    texts["csmetrics_functions"] = "\n".join([_WRAPPERS_HEAD, *map(wrapper, metrics)])
    texts["csmetrics_help"] = _help_module(metrics)
    return {name: _windows_lines(text) for name, text in texts.items()}


def _windows_lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def wrapper(metric: Metric) -> str:
    """The function a cell calls."""
    offered = slots(metric)
    name = metric.excel_name
    heading = ", ".join(("" if s.required else "Optional ") + f"ByVal {s.name} As Variant" for s in offered)
    groups = _sent_together(offered)
    lines = [f"Public Function {_continued(f'{name}({heading})')} As Variant"]
    lines += [f"    Dim part{number} As Variant" for number in range(1, len(groups) + 1)]
    lines.append("    On Error GoTo failed")
    sent: dict[str, str] = {}
    for number, group in enumerate(groups, 1):
        together = ", ".join(slot.name for slot in group)
        lines.append(f"    part{number} = {_continued(f'Together({together})')}")
        sent |= {slot.name: f"part{number}({place})" for place, slot in enumerate(group)}
    values = ", ".join([*(sent.get(s.name, f"Whole({s.name})") for s in offered), "UsesDate1904()"])
    lines.append(f"    {name} = {_continued(f'Ask({_quoted(metric.name)}, Array({values}))')}")
    return "\n".join([*lines, "    Exit Function", "failed:", f"    {name} = CVErr(xlErrValue)", "End Function", ""])


def _sent_together(offered: tuple[Slot, ...]) -> list[list[Slot]]:
    """Ranges are cut together with those they belong to; a range that is reduced alone is cut alone."""
    groups: dict[tuple[Role, str], list[Slot]] = {}
    for slot in offered:
        if slot.role is Role.REDUCED:
            groups[slot.role, slot.name] = [slot]
        elif slot.role in (Role.ALIGNED, Role.RAW):
            groups.setdefault((slot.role, slot.group), []).append(slot)
    return list(groups.values())


def _help_module(metrics: list[Metric]) -> str:
    names = [metric.excel_name for metric in metrics]
    calls = "".join(f"    HelpOf{name}\n" for name in names)
    known = "\n".join(
        ["' The names of all functions.", "Public Function FunctionNames() As Variant", "    Dim names As String"]
        + [f'    names = names & " {name}"' for name in names]
        + ["    FunctionNames = Split(Mid$(names, 2))", "End Function", ""]
    )
    return "\n".join([_HELP_HEAD + calls + _HELP_FOOT, known, *map(_help_of, metrics)])


def _help_of(metric: Metric) -> str:
    offered = slots(metric)
    lines = [f"Private Sub HelpOf{metric.excel_name}()"]
    if offered:
        lines.append(f"    Dim texts(0 To {len(offered) - 1}) As String")
        lines += [f"    texts({i}) = {_quoted(slot.shown_help)}" for i, slot in enumerate(offered)]
    category = _quoted(f"csmetrics {metric.category.value}")
    lines.append(f"    Describe {_quoted(metric.excel_name)}, _")
    lines.append(f"        {_quoted(description(metric))}, _")
    lines.append(f"        {category}, {'texts' if offered else 'Empty'}")
    return "\n".join([*lines, "End Sub", ""])


def _quoted(text: str) -> str:
    """A string in Visual Basic, in letters Windows has."""
    return '"' + " ".join("".join(map(_windows_sign, text)).split()).replace('"', '""') + '"'


def _windows_sign(sign: str) -> str:
    """A sign as Windows' code page has it, spelled out where it has none: β becomes beta, a low 1 becomes 1."""
    try:
        sign.encode("cp1252")
    except UnicodeEncodeError:
        greek = unicodedata.name(sign, "").startswith("GREEK")
        return _SPELLED_OUT.get(sign) or (
            unicodedata.name(sign).split()[-1].lower() if greek else unicodedata.normalize("NFKD", sign)
        )
    return sign


def _continued(line: str) -> str:
    """A long line, broken where Visual Basic lets it."""
    words, lines = line.split(", "), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 95:
            lines.append("")
        lines[-1] += word + ", "
    return " _\n        ".join(part.rstrip() for part in lines).removesuffix(",")
