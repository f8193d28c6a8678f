"""Maximum likelihood over positive parameters, as the three customer-base models need it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from csmetrics_core.models import Floats


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

    found = minimize(
        descent,
        np.log(start),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-bound, bound)] * len(start),
        options={"ftol": 1e-13, "gtol": 1e-8, "maxiter": 500},
    )
    inside = bool(np.abs(found.x).max() < bound - 1e-6)
    return Maximum(np.exp(found.x).tolist(), -float(found.fun), bool(found.success) and inside)
