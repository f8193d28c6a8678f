"""Money as whole cents, so that every engine and every order of rows gives the same sum."""

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.errors import OutOfScale, off_scale

#: Up to here whole cents are exact as floating-point numbers.
LARGEST_CENTS = 2**53
_FIX = "Check for a slipped decimal point, or count in thousands."


def to_cents(amounts: NDArray[np.float64], argument: str) -> NDArray[np.float64]:
    """Round each amount to whole cents, half a cent upwards.

    Args:
        amounts: money, without missing values.
        argument: its name, for the message.

    Returns:
        Whole numbers, as floats: sums of them are exact up to 2**53 cents.

    Raises:
        OutOfScale: an amount is beyond 2**53 cents.

    Examples:
        >>> to_cents(np.array([19.99, 0.125, -1.0]), "mrr").tolist()
        [1999.0, 13.0, -100.0]

    Source: invoice lines are rounded to the cent one by one (ChartMogul, how MRR is calculated).
    """
    cents: NDArray[np.float64] = np.floor(amounts * 100 + 0.5)
    if cents.size and max(-cents.min(), cents.max()) > LARGEST_CENTS:
        worst = amounts[np.abs(cents).argmax()]
        raise off_scale(argument, None, float(worst), "an amount of at most 90 trillion", _FIX)
    return cents


def refuse_inexact_total(cents: float, argument: str) -> None:
    """Refuse a total too large to be exact to the cent.

    Raises:
        OutOfScale: the total is beyond 2**53 cents.
    """
    if cents > LARGEST_CENTS:
        problem = f"{argument} adds up to more than 90 trillion in one month, too much to be exact to the cent"
        raise OutOfScale(problem, _FIX, argument=argument)


def from_cents(cents: NDArray) -> NDArray[np.float64]:
    """Whole cents as money.

    Examples:
        >>> from_cents(np.array([1999, -100])).tolist()
        [19.99, -1.0]
    """
    return np.asarray(cents, dtype=np.float64) / 100
