"""One way to compute a metric, as somebody publishes it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Convention:
    """A documented convention.

    Args:
        name: in a few words.
        formula: in the names of the metric's arguments.
        used_by: who publishes it this way.
        value: gives it from the metric's cleaned arguments, named as there; None where it does not apply to them.
            Not there where the arguments of the metric do not suffice.
        needs: what it takes beyond them.
        is_share: a share that people also write as a percentage; False for means, money and ratios.
    """

    name: str
    formula: str
    used_by: str
    value: Callable[..., float | None] | None = None
    needs: str = ""
    is_share: bool = True
