"""Which column of a table is which: names matched loosely, types checked, and what was found listed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import narwhals as nw

from csmetrics_core.errors import WrongKind, WrongShape
from csmetrics_core.files.headings import find_heading, plain

#: Role -> headings to look for, besides its own name. Their synonyms count too.
ALSO_CALLED: dict[str, tuple[str, ...]] = {
    "account": ("customer", "company", "organisation", "organization"),
    "amount": ("mrr", "list price", "unit price"),
    "arr": ("annual recurring revenue", "mrr", "amount"),
    "contract": ("contract id", "subscription", "subscription id", "line id", "id"),
    "currency": ("currency code", "iso currency"),
    "date": ("day", "timestamp", "month"),
    "discount": ("discount amount", "rebate"),
    "feature": ("feature name", "event"),
    "interval": ("interval_months", "billing period", "frequency"),
    "kind": ("type", "line type", "charge type"),
    "notice": ("notice date", "notice given"),
    "product": ("product name", "plan", "plan name", "product id", "sku"),
    "quantity": ("qty", "seats", "units"),
    "signed": ("signed on", "signature date", "close date", "closed on"),
    "step": ("stage", "event", "event name", "page"),
    "timestamp": ("date",),
}

#: Role -> the keyword that names its column: the argument of the array function of the same name.
KEYWORDS: dict[str, str] = {
    "account": "accounts",
    "customer": "customers",
    "date": "dates",
    "end": "ends",
    "feature": "features",
    "month": "months",
    "product": "products",
    "quantity": "quantities",
    "start": "starts",
    "timestamp": "timestamps",
    "user": "users",
}


@dataclass(frozen=True)
class Role:
    """What a function reads from a table.

    Args:
        name: the keyword of the function.
        holds: "id", "date", "moment" (a date with its time), "number", "answer" (a number or a word), "score" (the
            same, but only numbers count), "total"
            (a number to add up), "flag" or "any".
        needed: whether the function can do without.
    """

    name: str
    holds: str
    needed: bool = True


def _is_number(kind: nw.dtypes.DType) -> bool:
    return kind.is_numeric() or kind == nw.Unknown


def is_date(kind: nw.dtypes.DType) -> bool:
    """Whether a column holds dates, or nothing that tells."""
    return kind in (nw.Date, nw.Datetime, nw.Unknown)  # a column of nothing but blanks has no type


def _is_one_cell(kind: nw.dtypes.DType) -> bool:
    return kind not in (nw.List, nw.Array, nw.Struct, nw.Binary, nw.Time, nw.Duration)


def _is_answer(kind: nw.dtypes.DType) -> bool:
    return _is_one_cell(kind) and kind != nw.Boolean and (kind == nw.Unknown or not is_date(kind))


_HOLDS: dict[str, tuple[str, Callable[[nw.dtypes.DType], bool]]] = {
    "any": ("one value a cell", _is_one_cell),
    "answer": ("numbers or words", _is_answer),
    "score": ("numbers or words", _is_answer),
    "id": ("names or numbers", _is_answer),
    "date": ("dates", is_date),
    "moment": ("dates and times", is_date),
    "number": ("numbers", _is_number),
    "total": ("numbers", _is_number),
    "flag": ("TRUE/FALSE or 1/0", lambda kind: kind == nw.Boolean or kind.is_numeric()),
}


def resolve(
    schema: Mapping[str, nw.dtypes.DType], roles: Iterable[Role], given: Mapping[str, str | None]
) -> dict[str, str]:
    """Find the column of each role.

    Args:
        schema: the table's columns and their types.
        roles: what is read.
        given: role -> the column named by the caller; None to look for it.

    Returns:
        Role -> column; a role that is not needed and not there is left out.

    Raises:
        WrongShape: a needed column is not there; the message lists what is.
        WrongKind: a column holds something else.
    """
    found: dict[str, str] = {}
    for role in roles:
        named = given.get(role.name)
        column = exactly(named, schema) if named is not None else look_for(role.name, schema)
        if column is None:
            if named is None and not role.needed:
                continue
            problem = f"the table has no column {named!r}" if named else f"the table has no column for {role.name}"
            name_it = "" if role.name == named else f"Name it: {KEYWORDS.get(role.name, role.name)}='...'. "
            fix = f"{name_it}The columns are {', '.join(schema)}."
            raise WrongShape(problem, fix, argument=role.name)
        words, fits = _HOLDS[role.holds]
        if not fits(schema[column]):
            if named is None and not role.needed:
                continue
            problem = f"column {column!r}, read as {role.name}, holds {schema[column]}; expected {words}"
            types = ", ".join(f"{name} ({kind})" for name, kind in schema.items())
            raise WrongKind(problem, f"Convert it, or name another: {types}.", argument=role.name)
        found[role.name] = column
    return found


def exactly(named: str, schema: Mapping[str, object]) -> str | None:
    """The column of a name, without case and signs where none has it as it is."""
    if named in schema:
        return named
    return next((column for column in schema if plain(column) == plain(named)), None)


def look_for(role: str, schema: Mapping[str, object]) -> str | None:
    """The column of a role, by its name alone."""
    for name in (role, *ALSO_CALLED.get(role, ())):
        if (column := find_heading(name, schema)) is not None:
            return column
    return None


def mapping_note(found: Mapping[str, str]) -> str:
    """Say which column was read as what."""
    return "read " + ", ".join(f"{column!r} as {role}" for role, column in found.items())
