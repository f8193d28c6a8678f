"""A metric in plain spreadsheet functions, guarded so that it refuses what Python refuses.

The declaration gives the value expression; the guards come from the roles and kinds of the arguments.
The result is meant for an array formula and needs no function newer than Excel 2010. In a template
`{name}` is the argument, `{name?}` is true where it is a number, `{where}` restricts a COUNTIFS or SUMIFS
to some rows, `{if}` a product of conditions.
"""

from collections.abc import Mapping
from typing import NamedTuple

from csmetrics_core.declaration.kinds import Number
from csmetrics_core.declaration.spec import Argument, Metric, Role

#: How each error is written in every spreadsheet program. Excel takes no number above 9.99999999999999E+307 there.
ERRORS = {"NUM": "9E307*10", "NA": "NA()", "DIV0": "1/0", "VALUE": '("?"+0)'}


class Where(NamedTuple):
    """Restricts ranges to the rows where another range holds a value: `Where("Scores[In scope]", "1")`."""

    rows: str
    equals: str


def spell(metric: Metric, arguments: Mapping[str, str], where: Where | None = None) -> str | None:
    """Write a metric as a formula without the add-in.

    Args:
        metric: the metric.
        arguments: reference or literal for each argument given, as spreadsheet text: `Scores[NPS]`, `5`, `"low"`.
        where: which rows to take.

    Returns:
        The formula without its equals sign, or None where the metric, or this way of calling it, has no native form.

    Example:
        >>> from csmetrics_core import lookup
        >>> spell(lookup("mrr_growth_rate"), {"opening": "A1", "closing": "A2"})[:24]
        'IF(A1="",NA(),IF(NOT(ISN'
    """
    formula = spell_value(metric, arguments, where)
    if formula is None:
        return None
    words = _words(metric, arguments)
    if _ranges(metric, arguments):
        formula = _guard_ranges(metric, arguments, words, where, formula)
    for argument, word in reversed([(a, arguments[a.name]) for a in metric.arguments if a.name in arguments]):
        if argument.role is Role.EACH:
            formula = _guard_value(argument, word, words, formula)
        elif argument.role is Role.CHOICE:
            known = ",".join(f'{word}="{choice}"' for choice in argument.choices)
            formula = f"IF(OR({known}),{formula},{ERRORS['VALUE']})"
    return formula


def spell_value(metric: Metric, arguments: Mapping[str, str], where: Where | None = None) -> str | None:
    """The value alone, as `spell` writes it inside its guards: what a person may have typed by hand.

    Args:
        metric: the metric.
        arguments: reference or literal for each argument given.
        where: which rows to take.

    Returns:
        The formula without its equals sign; None where `spell` gives None.

    Example:
        >>> from csmetrics_core import lookup
        >>> spell_value(lookup("mrr_growth_rate"), {"opening": "A1", "closing": "A2"})
        '(A2-A1)/A1'
    """
    if not metric.native or any(f"{{{name}}}" not in metric.native for name in _ranges(metric, arguments)):
        return None
    where_words = {"where": f",{where.rows},{where.equals}", "if": f"*({where.rows}={where.equals})"} if where else {}
    words = {**_words(metric, arguments), **ERRORS, "where": "", "if": "", **where_words}
    return _fill(metric.native, words)


def _words(metric: Metric, arguments: Mapping[str, str]) -> dict[str, str]:
    """What stands for each argument."""
    return {a.name: _word(a, arguments.get(a.name)) for a in metric.arguments}


def _ranges(metric: Metric, arguments: Mapping[str, str]) -> list[str]:
    """The ranges of this call."""
    return [a.name for a in metric.arguments if a.is_range and a.name in arguments]


def _fill(template: str, words: Mapping[str, str]) -> str:
    for name, word in words.items():
        template = template.replace(f"{{{name}?}}", is_number(word)).replace(f"{{{name}}}", word)
    return template


def is_number(word: str) -> str:
    """True for numbers only: text and booleans sort above every number. ISNUMBER is not elementwise everywhere."""
    return f'({word}<9E307)*({word}<>"")'


def _word(argument: Argument, given: str | None) -> str:
    """What stands for an argument: its reference, its default where that is blank, or nothing."""
    default = argument.default
    literal = '""' if default is None else f'"{default}"' if isinstance(default, str) else f"{default:g}"
    if given is None:
        return literal
    fills_in = argument.role in (Role.EACH, Role.CHOICE, Role.PER_COLUMN) and default is not None
    return f'IF({given}="",{literal},{given})' if fills_in else given


def off_scale(argument: Argument, word: str, words: Mapping[str, str]) -> str:
    """True where a number is off its scale; a sum where there are several checks, as OR is not elementwise."""
    kind = argument.kind
    if not isinstance(kind, Number):
        return "FALSE"
    checks = []
    if kind.low > -1e300:
        checks.append(f"({word}{'<=' if kind.above else '<'}{kind.low:g})")
    if isinstance(kind.high, str):
        checks.append(f"({word}>{words[kind.high]})")
    elif kind.high < 1e300:
        checks.append(f"({word}>{kind.high:.12g})")
    if kind.whole:
        checks.append(f"({word}<>INT({word}))")
    # Alone a comparison is true or false already, and TRUE is above every number.
    return checks[0] if len(checks) == 1 else "+".join(checks) + ">0" if checks else "FALSE"


def _guard_value(argument: Argument, word: str, words: Mapping[str, str], formula: str) -> str:
    """One value: blank is missing or the default, text is the wrong kind, off-scale is refused."""
    bad = off_scale(argument, word, words)
    checked = formula if bad == "FALSE" else f"IF({bad},{ERRORS['NUM']},{formula})"
    checked = f"IF(NOT(ISNUMBER({word})),{ERRORS['VALUE']},{checked})"
    return f'IF({word}="",{ERRORS["NA"] if argument.required else formula},{checked})'


def _guard_ranges(
    metric: Metric, arguments: Mapping[str, str], words: Mapping[str, str], where: Where | None, formula: str
) -> str:
    """Ranges: an error cell is passed on, a number stored as text and what is off-scale are refused."""
    ranges = [metric.argument(name) for name in _ranges(metric, arguments)]
    inside = f"*({where.rows}={where.equals})" if where else ""
    # Rows count where every range that belongs to them holds a number; a block keeps its gaps.
    usable = "*".join(is_number(words[a.name]) for a in ranges if a.role is not Role.PER_COLUMN) + inside
    bads = [(words[a.name], off_scale(a, words[a.name], words)) for a in ranges]
    for _, bad in bads:
        if bad != "FALSE":
            formula = f"IF(SUM(IF({usable},IF({bad},1,0),0))>0,{ERRORS['NUM']},{formula})"
    for argument in ranges:
        if argument.role is Role.PER_COLUMN:
            odd = f"SUM(IF({is_number(words[argument.name])},0,1))"
            formula = f"IF({odd}>0,{ERRORS['VALUE']},{formula})"
    filled = f"SUM(IF({usable},1,0))"
    if not metric.empty_is_zero:
        formula = f"IF({filled}=0,{ERRORS['NA']},{formula})"
    else:
        something = "+".join(f'SUM(IF({words[a.name]}<>"",1,0){inside})' for a in ranges)
        formula = f"IF(AND({filled}=0,{something}>0),{ERRORS['NA']},{formula})"
    formula = refuse_texts(metric, arguments, where, formula)
    for word, _ in reversed(bads):
        total = f"SUM(IF({where.rows}={where.equals},{word},0))" if where else f"SUM({word})"
        formula = f"IF(ISERROR({total}),{total},{formula})"
    return formula


def refuse_texts(metric: Metric, arguments: Mapping[str, str], where: Where | None, formula: str) -> str:
    """A formula guarded against ranges of numbers that hold text which reads as a number."""
    inside = f"*({where.rows}={where.equals})" if where else ""
    for name in _ranges(metric, arguments):
        argument = metric.argument(name)
        if isinstance(argument.kind, Number) and argument.role is not Role.PER_COLUMN:
            formula = f"IF({_texts_like_numbers(arguments[name], inside)}>0,{ERRORS['VALUE']},{formula})"
    return formula


def _texts_like_numbers(word: str, inside: str) -> str:
    """How many cells hold text that reads as a number: no letters, and a digit first, after its sign and currency.

    Text sorts above numbers, and signs below digits. Looked at only where not every filled cell is a number.
    """
    after_first = f"MID({word},2,99)"  # where a -, / or : makes it a date, a time or a span
    reads = (
        f'({word}>9E307)*({_without(word, "-+($€£¥ ")}>="0")*EXACT(UPPER({word}),LOWER({word}))'
        f"*({_without(after_first, '-/:')}={after_first}){inside}"
    )
    return f"IF(COUNT({word})=COUNTA({word}),0,SUM(IF({reads},1,0)))"


def _without(word: str, signs: str) -> str:
    for sign in signs:
        word = f'SUBSTITUTE({word},"{sign}","")'
    return word
