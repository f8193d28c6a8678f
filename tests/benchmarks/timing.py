"""Timing two ways of doing a thing turn by turn, so that a machine's moods fall on both."""

from collections.abc import Callable
from time import perf_counter


def best(*ways: Callable[[], object], rounds: int = 7, number: int = 1) -> list[float]:
    """Shortest time of one call of each way, in seconds, the ways taking turns."""
    shortest = [float("inf")] * len(ways)
    for _ in range(rounds):
        for place, way in enumerate(ways):
            start = perf_counter()
            for _ in range(number):
                way()
            shortest[place] = min(shortest[place], (perf_counter() - start) / number)
    return shortest
