"""The figures of unit economics, each by the definition of the template workbook."""

from functools import partial
from typing import Any

from csmetrics_workbooks.pages.economics import MEASURES
from csmetrics_workbooks.recipes.unit_economics import ASSUMED

from csmetrics_core.company.company import Missing, month_text
from csmetrics_core.files.headings import find_heading
from csmetrics_panels.dashboards.paying import Paying
from csmetrics_panels.dashboards.view import Told, View


class Economics:
    """The figures of a span, each by the definition of the template workbook.

    Args:
        view: the rows chosen.
        paying: who pays in them.
    """

    def __init__(self, view: View, paying: Paying) -> None:
        self.view = view
        self.paying = paying

    def measures(self) -> list[Told]:
        """All of them, in the order of the template."""
        return [self.view.tell(name, partial(self.call, name)) for name, _ in MEASURES]

    def value(self, name: str, back: int) -> float:
        """One of them.

        Raises:
            Missing: what it needs is not there.
            MetricError: it has no value.
        """
        return float(self.view.result(name, **self.call(name, back)))

    def call(self, name: str, back: int) -> dict[str, Any]:
        """The arguments of one of them, so many spans back.

        Raises:
            Missing: what it needs is not there.
        """
        if self.view.end is None:
            raise Missing("needs months, to tell the opening from the end of a period")
        end = self.view.end - back * self.view.length
        return {
            "arpu": self._arpu, "arpa": self._arpa, "monthly_churn": self._monthly_churn,
            "customer_lifetime": self._lifetime, "clv": self._clv, "cac": self._cac, "ltv_cac": self._ltv_cac,
            "cac_payback": self._payback, "crc": self._crc,
        }[name](end, back)  # fmt: skip

    def _arpu(self, end: int, _: int) -> dict[str, Any]:
        before = end - self.view.length
        if before < self.paying.first:
            raise Missing(f"needs subscriptions of {month_text(before)}, to tell who paid when the period began")
        opening = self.paying.customers(before)
        return {
            "revenue": self._revenue(end),
            "opening_users": opening,
            "closing_users": self.paying.customers(end),
        }

    def _revenue(self, end: int) -> float:
        return sum(self.paying.sum(end - i) for i in range(self.view.length))

    def _arpa(self, end: int, _: int) -> dict[str, Any]:
        return {"mrr": self.paying.sum(end), "customers": self.paying.customers(end)}

    def _monthly_churn(self, end: int, _: int) -> dict[str, Any]:
        then = self.paying.customers(end - 12)
        if not then:
            raise Missing("needs subscriptions of 12 months before")
        return {"annual_churn": self.paying.lost(end - 12, end) / then}

    def _lifetime(self, _: int, back: int) -> dict[str, Any]:
        return {"churn": self.value("monthly_churn", back)}

    def _clv(self, end: int, back: int) -> dict[str, Any]:
        return worth_of(
            {
                "arpa": self.value("arpa", back), "gross_margin": self._margin(end, back),
                "churn": self.value("monthly_churn", back), **ASSUMED,
            }
        )  # fmt: skip

    def _margin(self, end: int, back: int) -> float:
        revenue = self._revenue(end)
        if not revenue:
            raise Missing("needs revenue of the period")
        return (revenue - sum(self._costs("delivery", back))) / revenue

    def _cac(self, end: int, back: int) -> dict[str, Any]:
        new = self.paying.new(end - self.view.length, end)
        return {"spend": self._costs("acquisition", back), "new_customers": new}

    def _ltv_cac(self, _: int, back: int) -> dict[str, Any]:
        return {"clv": self.value("clv", back), "cac": self.value("cac", back)}

    def _payback(self, end: int, back: int) -> dict[str, Any]:
        margin = self._margin(end, back)
        return {"cac": self.value("cac", back), "arpa": self.value("arpa", back), "gross_margin": margin}

    def _crc(self, end: int, back: int) -> dict[str, Any]:
        then = end - self.view.length
        kept = self.paying.customers(then) - self.paying.lost(then, end)
        return {"retention_costs": self._costs("retention", back), "customers": kept}

    def _costs(self, purpose: str, back: int) -> list[float]:
        """The costs of a purpose in the span."""
        view = self.view
        frame = view.frames[view.company.table("costs").table]
        if view.segment and find_heading("segment", frame) is None:
            raise Missing("needs costs by segment: they are of the whole company, so choose all segments")
        amounts, words = view.take("costs", "amount", back), view.take("costs", "purpose", back)
        spend = [a for a, word in zip(amounts, words, strict=True) if isinstance(word, str) and word.lower() == purpose]
        if not sum(spend):
            raise Missing(f"needs costs with the purpose {purpose}")
        return spend


def worth_of(values: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a lifetime value."""
    given = {name: values[name] for name in ("arpa", "gross_margin", "churn")}
    return {**given, "discount_per_period": values["discount"], "horizon": values["horizon"]}
