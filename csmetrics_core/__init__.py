"""Customer success metrics, each declared once and computed the same way behind every door.

The functions are those of the catalogue: every module of `csmetrics_core.metrics` declares some, and is found there.
"""

# ruff: noqa: F401 - the list of names is made below

from importlib import import_module
from pkgutil import iter_modules

import numpy  # first, as it takes a quarter longer to load from deep inside other imports

from csmetrics_core import metrics
from csmetrics_core.conventions.reconcile import Reconciliation, reconcile
from csmetrics_core.declaration.catalog import CATALOG, lookup
from csmetrics_core.errors import MetricError, UndefinedMetric
from csmetrics_core.explain import Explained, explain
from csmetrics_core.version import __version__

for _module in sorted(module.name for module in iter_modules(metrics.__path__)):
    import_module(f"csmetrics_core.metrics.{_module}")
globals().update({name: declared.function for name, declared in CATALOG.items()})

__all__ = sorted(  # noqa: PLE0605
    [
        *("CATALOG", "Explained", "MetricError", "Reconciliation", "UndefinedMetric", "__version__"),
        *("explain", "lookup", "reconcile", *CATALOG),
    ]
)
