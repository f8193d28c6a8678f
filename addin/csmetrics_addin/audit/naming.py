"""Names a formula gives to its own pieces: what LET and LAMBDA say is put where their names stand."""

from collections.abc import Iterator, Mapping, Sequence

from csmetrics_addin.audit.syntax import Node, NotRecomputed, Part

_MOST_PIECES = 20_000
#: Each name, what it stands for, and how many pieces that has.
Names = Mapping[str, tuple[Node, int]]


def expanded(tree: Node) -> Node:
    """A formula without LET, and without a LAMBDA that is called where it stands or by its name.

    Args:
        tree: as it was parsed; a LAMBDA handed to a function stays.

    Raises:
        NotRecomputed: a LET without a value to each name, a LAMBDA with other than its arguments, or too many pieces.
    """
    return _Expanding().piece(tree, {})


def called(function: Node, arguments: Sequence[Node]) -> Node:
    """What a LAMBDA comes to with arguments.

    Raises:
        NotRecomputed: it is none, or takes another number of them.
    """
    return _Expanding().call(function, arguments)


class _Expanding:
    def __init__(self) -> None:
        self.left = _MOST_PIECES

    def piece(self, node: Node, names: Names) -> Node:
        self._take(1)
        if node.part is Part.REFERENCE:
            found, size = names.get(_plain(node), (node, 0))
            self._take(size)
            return found
        if node.part is Part.CALL and node.value == "LET":
            return self._let(node.inside, names)
        if node.part is Part.CALL and node.value == "LAMBDA":
            own = {_plain(name) for name in node.inside[:-1]}
            outer = {name: value for name, value in names.items() if name not in own}
            return Node(Part.CALL, "LAMBDA", (*node.inside[:-1], self.piece(node.inside[-1], outer)))
        inside = tuple(self.piece(one, names) for one in node.inside)
        if node.part is Part.APPLIED:
            return self.call(inside[0], inside[1:])
        if node.part is Part.CALL and (named := names.get(node.value.lower())):
            return self.call(named[0], inside)
        return Node(node.part, node.value, inside)

    def _let(self, inside: Sequence[Node], names: Names) -> Node:
        if len(inside) % 2 == 0 or len(inside) < 3:
            raise NotRecomputed("a LET has a name without a value")
        known = dict(names)
        for name, value in zip(inside[:-1:2], inside[1::2], strict=True):
            made = self.piece(value, known)
            known[_plain(name)] = made, sum(1 for _ in _pieces(made))
        return self.piece(inside[-1], known)

    def call(self, function: Node, arguments: Sequence[Node]) -> Node:
        if function.part is not Part.CALL or function.value != "LAMBDA":
            raise NotRecomputed("what is called is no LAMBDA")
        names = [_plain(name) for name in function.inside[:-1]]
        if len(names) != len(arguments):
            raise NotRecomputed(f"a LAMBDA of {len(names)} arguments is given {len(arguments)}")
        given = {name: (one, sum(1 for _ in _pieces(one))) for name, one in zip(names, arguments, strict=True)}
        return self.piece(function.inside[-1], given)

    def _take(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise NotRecomputed(f"a LET or LAMBDA of more than {_MOST_PIECES:,} pieces is not followed")


def _pieces(node: Node) -> Iterator[Node]:
    yield node
    for one in node.inside:
        yield from _pieces(one)


def _plain(name: Node) -> str:
    """A name as it is compared: without its mark in the file, whatever its case."""
    return str(name.value).lower().removeprefix("_xlpm.")
