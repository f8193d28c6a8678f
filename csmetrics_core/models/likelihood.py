"""Maximum likelihood over positive parameters, as the three customer-base models need it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from csmetrics_core.models import Floats

# Half-width of the differences that give curvatures, and how far the last step may still move a logarithm.
_STEP = 1e-4
_FAR = 1e-3


class Maximum(NamedTuple):
    """Where the likelihood peaks, its height there, and whether that lies inside the bounds."""

    parameters: list[float]
    value: float
    converged: bool


def maximise(likelihood: Callable[[Floats], tuple[float, Floats]], start: list[float], bound: float) -> Maximum:
    """Climb from `start` on the logarithms of the parameters.

    Args:
        likelihood: gives the mean log-likelihood at some parameters and its slopes in their logarithms.
        start: positive parameters.
        bound: largest absolute logarithm a parameter may reach. A likelihood that keeps rising towards a
            simpler model (all customers alike, say) stops there, close enough for its forecasts.
    """
    from scipy.optimize import minimize

    def descent(logarithms: Floats) -> tuple[float, Floats]:
        value, slopes = likelihood(np.exp(logarithms))
        return -value, -slopes

    # L-BFGS-B does as well, but wakes the threads of BLAS for its tiny matrices: ten times slower on a busy machine.
    found = minimize(
        descent,
        np.log(start),
        jac=True,
        method="SLSQP",
        bounds=[(-bound, bound)] * len(start),
        options={"ftol": 1e-13, "maxiter": 500},
    )
    free = np.abs(found.x) < bound - 1e-6
    top = _polished(descent, found.x, free)
    return Maximum(np.exp(top).tolist(), -float(found.fun), bool(found.success) and bool(free.all()))


def _polished(descent: Callable[[Floats], tuple[float, Floats]], logarithms: Floats, free: NDArray[np.bool_]) -> Floats:
    """One Newton step from where the search stopped.

    The height tells two points near the top apart only to half the digits; the slopes go on to nearly all of
    them, so that every machine gives the same forecast. Curvatures are differences of the slopes.
    """
    places = np.flatnonzero(free)
    if not places.size:
        return logarithms
    steps = _STEP * np.eye(logarithms.size)[places]
    curvature = np.array([(descent(logarithms + s)[1] - descent(logarithms - s)[1])[places] for s in steps])
    slopes = descent(logarithms)[1][places]
    try:
        move = -np.linalg.solve((curvature + curvature.T) / (4 * _STEP), slopes)
    except np.linalg.LinAlgError:
        return logarithms
    if not np.abs(move).max() < _FAR:  # the top is flat: there is nothing to gain
        return logarithms
    polished = logarithms.copy()
    polished[places] += move
    return polished
