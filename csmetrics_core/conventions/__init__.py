"""How others compute the same metric: the conventions vendors document, as data."""

from csmetrics_core.conventions.convention import Convention
from csmetrics_core.conventions.customers import CUSTOMERS
from csmetrics_core.conventions.experience import EXPERIENCE
from csmetrics_core.conventions.revenue import REVENUE
from csmetrics_core.conventions.value import VALUE

#: Metric -> every documented convention of it, the most usual first.
CONVENTIONS: dict[str, tuple[Convention, ...]] = {**CUSTOMERS, **REVENUE, **VALUE, **EXPERIENCE}

__all__ = ["CONVENTIONS", "Convention"]
