"""A metric as a LAMBDA for Excel 365 and 2024: a named function that needs no add-in.

The declaration gives the value, as `native` for every Excel or as `dynamic` for the newer ones; the guards come from
the roles and kinds of the arguments, so that the name refuses what Python refuses. In `dynamic`, names of arguments
stand for their cleaned cells (a range as one column without the rows that drop out, an optional value with its
default), words in small letters are names of LET and LAMBDA, and `{NUM}`, `{NA}`, `{DIV0}`, `{VALUE}` are errors.
"""

import re
from collections.abc import Sequence

from csmetrics_core.declaration.native import ERRORS, is_number, off_scale, refuse_texts, spell
from csmetrics_core.declaration.spec import Argument, Metric, Role

#: The longest formula a name of Excel's holds.
LONGEST = 8190
#: Functions newer than Excel 2010, by what stands before them in a file.
_NEWER = {
    "_xlfn.": frozenset(
        "BYCOL BYROW CHOOSECOLS CHOOSEROWS DROP EXPAND HSTACK IFNA ISOMITTED LAMBDA LET MAKEARRAY MAP NORM.S.DIST "
        "NORM.S.INV REDUCE SCAN SEQUENCE SORTBY STDEV.S T.INV.2T TAKE TOCOL TOROW UNIQUE VSTACK XLOOKUP XMATCH".split()
    ),
    "_xlfn._xlws.": frozenset(("FILTER", "SORT")),
}
_TOKEN = re.compile(r'"(?:[^"]|"")*"|(?P<number>\d[\d.]*(?:E[+-]?\d+)?)|(?P<word>[A-Za-z_][\w.]*)(?P<call>\()?|.', re.S)
_FIRST_SERIAL, _END_SERIAL = 2, 2958466  # 1900-01-01, and the day after 9999-12-31
_DATES = ("day", "month", "moment")
_RANGES = (Role.REDUCED, Role.ALIGNED)


def lambda_form(metric: Metric) -> str | None:
    """A metric as a person types it into the name manager: `LAMBDA(scores,[weights],...)`.

    Args:
        metric: the metric.

    Returns:
        The formula without its equals sign; None where there is none, and `why_no_lambda` says why.

    Example:
        >>> from csmetrics_core import lookup
        >>> lambda_form(lookup("mrr_from_arpu"))[:30]
        'LAMBDA(arpu,users,IF(arpu="",N'
    """
    body = _guarded(metric) if metric.dynamic else _native(metric)
    if body is None:
        return None
    parameters = [parameter(a) if a.required else f"[{parameter(a)}]" for a in metric.arguments]
    text = f"LAMBDA({','.join([*parameters, body])})"
    return text if len(text) <= LONGEST else None


def lambda_names() -> dict[str, str]:
    """Every function that is a LAMBDA -> its formula as a file holds it, without equals sign."""
    from csmetrics_core.declaration.catalog import CATALOG

    forms = {metric.excel_name: lambda_form(metric) for metric in CATALOG.values()}
    return {name: stored(form) for name, form in sorted(forms.items()) if form}


def parameter(argument: Argument) -> str:
    """The name of an argument within a LAMBDA; one that a function has too would call that function."""
    from csmetrics_core.declaration.catalog import CATALOG

    return f"{argument.name}_given" if argument.name in CATALOG else argument.name


def why_no_lambda(metric: Metric) -> str:
    """Why a metric is no LAMBDA; nothing where it is one."""
    if lambda_form(metric) is not None:
        return ""
    return "its formula is longer than a name holds" if metric.dynamic or metric.native else metric.no_native


def stored(formula: str) -> str:
    """A formula as a file holds it: newer functions and the names within LET and LAMBDA carry prefixes.

    Example:
        >>> stored('LAMBDA(a,[b],LET(x,a,x&"let"))')
        '_xlfn.LAMBDA(_xlpm.a,_xlop.b,_xlfn.LET(_xlpm.x,_xlpm.a,_xlpm.x&"let"))'
    """

    def written(found: re.Match[str]) -> str:
        word = found["word"]
        if not word:
            return found[0]
        if word[0].islower():
            return f"_xlpm.{found[0]}"
        return next((mark for mark, names in _NEWER.items() if found["call"] and word in names), "") + found[0]

    plain = _TOKEN.sub(written, formula)
    return re.sub(r"\[_xlpm\.(\w+)\]", r"_xlop.\1", plain)


def with_semicolons(formula: str) -> str:
    """A formula as locales with a decimal comma type it: semicolons between arguments, commas in numbers.

    Example:
        >>> with_semicolons('IF(a>0.5,"a,b",1)')
        'IF(a>0,5;"a,b";1)'
    """

    def written(found: re.Match[str]) -> str:
        if found["number"]:
            return found[0].replace(".", ",")
        return ";" if found[0] == "," else found[0]

    return _TOKEN.sub(written, formula)


def _native(metric: Metric) -> str | None:
    """The plain form, chosen by which optional ranges are there; optional values are blank where they are left out."""
    if not metric.native:
        return None
    values = [a for a in metric.arguments if not a.required and not a.is_range]
    ranges = [a for a in metric.arguments if not a.required and a.is_range]
    words = {a.name: parameter(a) if a not in values else f"{a.name}_" for a in metric.arguments}
    body = _by_ranges(metric, words, ranges, ())
    lets = "".join(f"{_given(a)}," for a in values)
    return body and (f"LET({lets}{body})" if lets else body)


def _by_ranges(
    metric: Metric, words: dict[str, str], ranges: Sequence[Argument], without: tuple[str, ...]
) -> str | None:
    """The plain form for every choice of optional ranges; one that has none says so as #VALUE!."""
    if not ranges:
        return spell(metric, {name: word for name, word in words.items() if name not in without})
    first, rest = ranges[0], ranges[1:]
    left_out = _by_ranges(metric, words, rest, (*without, first.name))
    given = _by_ranges(metric, words, rest, without)
    if left_out is None:
        return None
    return f"IF(ISOMITTED({parameter(first)}),{left_out},{given or ERRORS['VALUE']})"


def _guarded(metric: Metric) -> str:
    """The form of Excel 365 behind the checks Python makes."""
    ranges = [a for a in metric.arguments if a.role in _RANGES]
    values = [a for a in metric.arguments if a.role in (Role.EACH, Role.CHOICE)]
    lets = [_given(a) for a in values]
    lets += [f"{a.name}_all,{_column(a)}" for a in ranges]
    lets += [_given(a) for a in metric.arguments if a.role is Role.PER_COLUMN]
    groups: dict[str, list[Argument]] = {}
    for argument in ranges:
        groups.setdefault(argument.group if argument.role is Role.ALIGNED else argument.name, []).append(argument)
    lets += [f"{_keep(group)},{'*'.join(_usable(a) for a in some)}" for group, some in groups.items()]
    lets += [f"{a.name}_,{_cleaned(a, _keep(group))}" for group, some in groups.items() for a in some]
    body = _fill(metric, _body(metric))
    for group, some in reversed(groups.items()):
        body = _checked_ranges(metric, some, _keep(group), body)
    for argument in reversed(values):
        body = _checked_value(argument, body)
    return f"LET({','.join(lets)},{body})" if lets else body


def _column(argument: Argument) -> str:
    """A range as one column."""
    name = parameter(argument)
    cells = f"TOCOL({name})"
    if argument.kind.reading == "flag":
        cells = f'LET(said,{cells},IF(said=TRUE,1,IF((said=FALSE)*(said<>""),0,said)))'
    return cells if argument.required else f"IF(ISOMITTED({name}),0,{cells})"


def _given(argument: Argument) -> str:
    """One value with its default where it is left out or blank."""
    name, default = parameter(argument), argument.default
    if argument.required:
        return f"{argument.name}_,{name}"
    literal = '""' if default is None else f'"{default}"' if isinstance(default, str) else f"{default:g}"
    return f'{argument.name}_,IF(ISOMITTED({name}),{literal},IF({name}="",{literal},{name}))'


def _keep(group: str) -> str:
    return f"keep_{group or 'rows'}"


def _usable(argument: Argument) -> str:
    """Which cells count, an optional range that is left out always; 1 or 0 each."""
    cells, reading = f"{argument.name}_all", argument.kind.reading
    if argument.kind.keeps_blanks:
        usable = f"({cells}={cells})"
    elif reading == "text":
        usable = f"({cells}>9E307)*({cells}<FALSE)"  # numbers sort below text, truths above
    else:
        usable = f'({cells}<>"")*1' if reading == "id" else is_number(cells)
    return usable if argument.required else f"IF(ISOMITTED({parameter(argument)}),1,{usable})"


def _cleaned(argument: Argument, keep: str) -> str:
    cells = f"FILTER({argument.name}_all,{keep})"
    return cells if argument.required else f'IF(ISOMITTED({parameter(argument)}),"",{cells})'


def _bad(argument: Argument, cells: str) -> str:
    """True where a cell is off its scale."""
    if argument.kind.reading in _DATES:
        return f"({cells}<{_FIRST_SERIAL})+({cells}>={_END_SERIAL})>0"
    if argument.kind.reading == "flag":
        return f"({cells}<>0)*({cells}<>1)>0"
    high = str(getattr(argument.kind, "high", ""))
    return off_scale(argument, cells, {high: f"{high}_"})


def _checked_value(argument: Argument, body: str) -> str:
    """One value: blank is missing, text the wrong kind, off-scale refused."""
    name = f"{argument.name}_"
    if argument.role is Role.CHOICE:
        known = "+".join(f'({name}="{choice}")' for choice in argument.choices)
        return f"IF({known},{body},{ERRORS['VALUE']})"
    bad = _bad(argument, name)
    blank = not argument.required and argument.default is None
    if bad != "FALSE":
        bad = f'IF({name}="",FALSE,{bad})' if blank else bad
        body = f"IF({bad},{ERRORS['NUM']},{body})"
    wrong = f"IF(ISERROR({name}),{name},{ERRORS['VALUE']})"
    if blank:
        return f'IF(IF(ISERROR({name}),FALSE,({name}="")+ISNUMBER({name})),{body},{wrong})'
    checked = f"IF(ISNUMBER({name}),{body},{wrong})"
    return f'IF({name}="",{ERRORS["NA"]},{checked})' if argument.required else checked


def _checked_ranges(metric: Metric, ranges: Sequence[Argument], keep: str, body: str) -> str:
    """Ranges that belong together: errors are passed on, sizes agree, something is there, nothing is off its scale."""
    for argument in reversed(ranges):
        bad = _bad(argument, f"{argument.name}_all")
        if bad != "FALSE":
            body = f"IF(SUM(IF({keep},IF({bad},1,0),0))>0,{ERRORS['NUM']},{body})"
    body = f"IF(SUM({keep})=0,{ERRORS['NA']},{body})"
    first = next((a for a in ranges if a.required), ranges[0])
    for argument in ranges:
        if argument is not first:
            same = f"ROWS({argument.name}_all)=ROWS({first.name}_all)"
            same = same if argument.required else f"OR(ISOMITTED({parameter(argument)}),{same})"
            body = f"IF({same},{body},{ERRORS['VALUE']})"
    for cells in [f"{a.name}_all" for a in ranges if a.kind.reading in _DATES]:  # a date typed as text
        body = f"IF(SUM(IF(ISTEXT({cells}),ISNUMBER(VALUE(LEFT({cells},1)))*1,0))>0,{ERRORS['VALUE']},{body})"
    body = refuse_texts(metric, {a.name: f"{a.name}_all" for a in ranges}, None, body)
    for argument in reversed(ranges):
        body = f"IF(ISERROR(SUM({argument.name}_all)),SUM({argument.name}_all),{body})"
    return body


def _body(metric: Metric) -> str:
    """The value; `table(...)` in it puts the headings on top."""
    text = " ".join(metric.dynamic.split())
    if "table(" not in text:
        return text
    headings = ",".join(f'"{column.name}"' for column in metric.columns)
    return f"LET(table,LAMBDA(x,VSTACK(HSTACK({headings}),x)),{text})"


def _fill(metric: Metric, text: str) -> str:
    """The value with the arguments' cleaned cells in place of their names; blanks between signs go."""
    for name, error in ERRORS.items():
        text = text.replace(f"{{{name}}}", error)
    names = {a.name: a for a in metric.arguments}

    def written(found: re.Match[str]) -> str:
        word = found["word"]
        if word in names:
            asked = text[: found.start()].endswith("ISOMITTED(") or names[word].role is Role.BLOCK
            return parameter(names[word]) if asked else f"{word}_"
        return "" if found[0] == " " else found[0]

    return _TOKEN.sub(written, text)
