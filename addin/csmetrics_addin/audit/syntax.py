"""A spreadsheet formula as a tree: what belongs to what, before anything is computed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from openpyxl.formula import Tokenizer
from openpyxl.formula.tokenizer import Token, TokenizerError

from csmetrics_addin.spelling import as_typed

_PRECEDENCE = {"=": 1, "<>": 1, "<": 1, ">": 1, "<=": 1, ">=": 1, "&": 2, "+": 3, "-": 3, "*": 4, "/": 4, "^": 5}
#: What Excel puts before functions that came after 2007.
_NEWER = ("_XLFN.", "_XLWS.")


class NotRecomputed(Exception):
    """The formula uses what this calculation does not know."""


class CellError(str):
    """An error value."""


class Part(Enum):
    """What a piece of a formula is."""

    CALL = "a function"
    OPERATOR = "a sign between or before values"
    REFERENCE = "cells, a table column or a name"
    NUMBER = "a number"
    TEXT = "a text"
    LOGICAL = "true or false"
    ERROR = "an error value"
    OMITTED = "an argument left out"
    VALUE = "what was computed already"
    APPLIED = "a LAMBDA called where it stands"
    #: Several calls that the same formula may stand for.
    ANY_OF = "one of several calls"


@dataclass(frozen=True, slots=True)
class Node:
    """A piece of a formula.

    Args:
        part: what it is.
        value: name of the function in capitals, sign, text of the reference, or the constant.
        inside: arguments, or what stands beside the sign.
    """

    part: Part
    value: Any
    inside: tuple["Node", ...] = ()


_CONSTANTS: Mapping[str, tuple[Part, Callable[[str], Any]]] = {
    Token.NUMBER: (Part.NUMBER, float),
    Token.TEXT: (Part.TEXT, lambda text: text[1:-1].replace('""', '"')),
    Token.LOGICAL: (Part.LOGICAL, lambda text: text.upper() == "TRUE"),
    Token.ERROR: (Part.ERROR, CellError),
}


def parse(formula: str) -> Node:
    """A formula as a tree; spaces, brackets that change nothing and the marks of newer functions fall away.

    Args:
        formula: with its equals sign.

    Raises:
        NotRecomputed: it cannot be read.
    """
    try:
        tokens = [t for t in Tokenizer(as_typed(formula)).items if t.type != Token.WSPACE]
        reader = _Reader(tokens)
        tree = reader.expression(0)
    except (TokenizerError, IndexError):
        raise NotRecomputed("the formula cannot be read") from None
    if reader.place < len(tokens):
        if tokens[reader.place].value == ",":
            raise NotRecomputed(_UNION)
        raise NotRecomputed(f"{tokens[reader.place].value} after another value is not understood")
    return tree


_UNION = '"," between ranges is not understood'


class _Reader:
    """Reads tokens from left to right."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.place = tokens, 0

    def next(self) -> Token:
        self.place += 1
        return self.tokens[self.place - 1]

    def comes(self, kind: str) -> bool:
        return self.place < len(self.tokens) and self.tokens[self.place].type == kind

    def expression(self, above: int) -> Node:
        left = self.operand()
        while True:
            if self.comes(Token.OP_POST):
                left = Node(Part.OPERATOR, self.next().value, (left,))
                continue
            if not self.comes(Token.OP_IN):
                return left
            sign = self.tokens[self.place].value
            if sign == ",":
                return left
            if sign not in _PRECEDENCE:
                raise NotRecomputed(f'"{sign}" between ranges is not understood')
            if _PRECEDENCE[sign] <= above:
                return left
            self.place += 1
            left = Node(Part.OPERATOR, sign, (left, self.expression(_PRECEDENCE[sign])))

    def operand(self) -> Node:
        token = self.next()
        if token.type == Token.OP_PRE:
            value = self.expression(5)
            return Node(Part.OPERATOR, "-", (value,)) if token.value == "-" else value
        if token.type == Token.PAREN and token.subtype == Token.OPEN:
            value = self.expression(0)
            after = self.next()
            if after.type != Token.PAREN:
                raise NotRecomputed(_UNION if after.value == "," else "a crossing of ranges is not understood")
            return value
        if token.type == Token.FUNC and token.subtype == Token.OPEN:
            called = Node(Part.CALL, _name(token.value[:-1]), self.arguments())
            while (called.part is Part.APPLIED or called.value == "LAMBDA") and self.comes(Token.PAREN):
                called = Node(Part.APPLIED, None, (called, *self.applied()))
            return called
        if token.type == Token.OPERAND:
            if token.subtype in _CONSTANTS:
                part, convert = _CONSTANTS[token.subtype]
                return Node(part, convert(token.value))
            return Node(Part.REFERENCE, token.value)
        what = "a list of constants" if token.type == Token.ARRAY else token.value
        raise NotRecomputed(f"{what} is not understood")

    def arguments(self) -> tuple[Node, ...]:
        """What stands between the brackets of the function just opened."""
        if self.closes():
            self.place += 1
            return ()
        found: list[Node] = []
        while True:
            is_omitted = self.closes() or self.comes(Token.SEP)
            found.append(Node(Part.OMITTED, None) if is_omitted else self.expression(0))
            after = self.next()
            if after.type == Token.FUNC and after.subtype == Token.CLOSE:
                return tuple(found)
            if after.type != Token.SEP:
                raise NotRecomputed(f"{after.value} after another value is not understood")

    def applied(self) -> tuple[Node, ...]:
        """What stands between the brackets behind a LAMBDA, where commas are no longer those of a function."""
        self.place += 1
        found = []
        while True:
            found.append(self.expression(0))
            after = self.next()
            if after.type == Token.PAREN:
                return tuple(found)

    def closes(self) -> bool:
        """Whether the function just opened ends here."""
        return self.comes(Token.FUNC) and self.tokens[self.place].subtype == Token.CLOSE


def _name(text: str) -> str:
    name = text.upper()
    for mark in _NEWER:
        name = name.removeprefix(mark)
    return name
