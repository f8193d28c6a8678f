"""The pages of a board pack; every figure is the scorecard's, or a table's of the core."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from csmetrics_addin.pack.paper import VERDICT_COLOURS, Page, Paper, cut
from csmetrics_core import tables
from csmetrics_core.company.company import Missing, month_number
from csmetrics_core.company.headline.why import Why
from csmetrics_core.company.headline.why_files import why_in
from csmetrics_core.declaration.spec import MONEY, with_minus
from csmetrics_core.errors import MetricError
from csmetrics_core.files import Reading
from csmetrics_core.palette import ACCENT, ACCENT_SOFT, BAD, CAUTION, GOOD, LINE, MUTED, SERIES
from csmetrics_core.scorecard import Line, Scorecard

_MONTHS = 24
_COHORTS = 12
_BRIDGE = ("new", "expansion", "reactivation", "contraction", "churned")
_COLOURS = dict(zip(_BRIDGE, (SERIES[0], SERIES[2], SERIES[3], SERIES[4], SERIES[1]), strict=True))


@dataclass(frozen=True)
class Pack:
    """What a pack is made of.

    Args:
        reading, card: a company, and its scorecard with the history to draw.
        company: its name.
        currency: what amounts are in; empty where nothing says it.
    """

    reading: Reading
    card: Scorecard
    company: str
    currency: str

    @property
    def month(self) -> str:
        """The month it is about, in words."""
        return date.fromisoformat(f"{self.card.month}-01").strftime("%B %Y") if self.card.month else "all rows"

    @property
    def subscriptions(self) -> Any:
        """Revenue up to the month, with nothing that waits for an answer; None where there is none."""
        frame = self.reading.tables.get("subscriptions")
        if frame is None or not self.card.month or self.card["mrr"].value is None:
            return None
        return frame[frame["month"] < self.as_of.isoformat()]

    @property
    def as_of(self) -> date:
        """The first day after the month."""
        year, month = map(int, self.card.month.split("-"))
        return date(year + month // 12, month % 12 + 1, 1)


def draw(pack: Pack, paper: Paper) -> None:
    """Draw every page."""
    for page in (cover, headlines, revenue, retention, voice, moved, definitions, checks):
        page(pack, paper)


def cover(pack: Pack, paper: Paper) -> None:
    """Whose figures, of which month, in what."""
    page = paper.page("")
    page.words(0, 0.72, cut(pack.company or "Customer success", 36), size=30, colour=ACCENT, bold=True)
    page.words(0, 0.62, f"Customer success metrics, {pack.month}", size=18)
    known = [line for line in pack.card.lines if line.value is not None]
    facts = (
        ("Amounts in", pack.currency or "the currency of the files, which none of them names"),
        ("Figures", f"{len(known)} of {len(pack.card.lines)}; the last page says what the others need"),
        ("Made of", cut(", ".join(dict.fromkeys(table.file or table.name for table in pack.reading.report.read)), 100)),
    )
    for number, (name, text) in enumerate(facts):
        page.words(0, 0.5 - 0.04 * number, name, size=11, colour=MUTED)
        page.words(0.13, 0.5 - 0.04 * number, text, size=11)


def headlines(pack: Pack, paper: Paper) -> None:
    """Every headline figure as a tile."""
    page = paper.page("Headlines", f"{pack.month}; changes against the month before, judged together")
    known = [line for line in pack.card.lines if line.value is not None]
    for number, line in enumerate(known[:16]):
        _tile(page, line, number % 4 * 0.25, 0.66 - number // 4 * 0.195)
    if not known:
        page.words(0, 0.8, "No figure could be computed; the last page says what each needs.", size=11)


def _tile(page: Page, line: Line, x: float, y: float) -> None:
    page.box(x, y, 0.24, 0.18)
    page.words(x + 0.01, y + 0.17, cut(line.title, 70), size=7.5, colour=MUTED, wide=38)
    page.words(x + 0.01, y + 0.13, _value(line), size=17, bold=True)
    words = " ".join(filter(None, (line.change_text, line.verdict_words)))
    page.words(x + 0.01, y + 0.085, words, size=8.5, colour=VERDICT_COLOURS.get(line.verdict, MUTED))
    if line.interval is not None:
        page.words(x + 0.01, y + 0.057, f"95 %: {line.unit.between(*line.interval)}", size=7.5, colour=MUTED)
    if line.n is not None:
        page.words(x + 0.01, y + 0.032, f"n {line.n:,}", size=7.5, colour=MUTED)
    past = [value for _, value in line.history]
    if sum(value is not None for value in past) > 1:
        axes = page.axes(x + 0.145, y + 0.012, 0.085, 0.048)
        axes.plot([float("nan") if value is None else value for value in past], color=ACCENT, lw=1.2)
        axes.plot(len(past) - 1, past[-1] if past[-1] is not None else float("nan"), "o", color=ACCENT, ms=3)
        axes.axis("off")


def _value(line: Line) -> str:
    large = line.unit is MONEY and line.value is not None and abs(line.value) >= 1000
    return with_minus(f"{line.value:,.0f}") if large else line.unit.text(line.value)


def revenue(pack: Pack, paper: Paper) -> None:
    """What recurs over two years, what moved it each month, and in the last one."""
    page = paper.page("Recurring revenue", _in(pack, "a month"))
    if pack.subscriptions is None:
        _lacking(page, pack, "mrr")
        return
    bridge = tables.mrr_movements(pack.subscriptions, as_of=pack.as_of).tail(_MONTHS)
    labels = [f"{month:%b %y}" for month in bridge["month"]]
    axes = page.axes(0.04, 0.53, 0.96, 0.28, "Monthly recurring revenue")
    axes.fill_between(range(len(bridge)), bridge["closing"], color=ACCENT_SOFT, alpha=0.5, lw=0)
    axes.plot(range(len(bridge)), bridge["closing"], color=ACCENT, lw=1.8)
    _months(axes, labels)
    axes = page.axes(0.04, 0.12, 0.52, 0.27, "What moved it, by month")
    _stack(axes, bridge)
    _months(axes, labels)
    axes = page.axes(0.64, 0.12, 0.36, 0.27, f"{pack.month}, on a cut axis")
    _waterfall(axes, bridge.iloc[-1])


def _stack(axes: Any, bridge: Any) -> None:
    up, down = [0.0] * len(bridge), [0.0] * len(bridge)
    for name in _BRIDGE:
        lost = name in ("contraction", "churned")
        values = [-value if lost else value for value in bridge[name]]
        base = down if lost else up
        axes.bar(range(len(bridge)), values, bottom=base, color=_COLOURS[name], label=name.capitalize(), width=0.8)
        base[:] = [start + value for start, value in zip(base, values, strict=True)]
    axes.axhline(0, color=LINE, lw=0.8)
    axes.legend(ncol=5, loc="upper left", bbox_to_anchor=(-0.02, -0.14), handlelength=1, columnspacing=1)


def _waterfall(axes: Any, month: Any) -> None:
    """Opening, movements and closing; the axis is cut, as the ends dwarf what lies between."""
    steps = [("Opening", float(month["opening"]))]
    level = steps[0][1]
    lowest = highest = level
    bars = []
    for name in _BRIDGE:
        value = float(month[name]) * (-1 if name in ("contraction", "churned") else 1)
        bars.append((name.capitalize(), min(level, level + value), abs(value), _COLOURS[name], value))
        level += value
        lowest, highest = min(lowest, level), max(highest, level)
    room = (highest - lowest) or abs(level) or 1.0
    floor = max(0.0, lowest - 0.6 * room)
    ends = [("Opening", floor, steps[0][1] - floor, ACCENT, steps[0][1])]
    last = [("Closing", floor, level - floor, ACCENT, level)]
    whole = [*ends, *bars, *last]
    for place, (_, bottom, height, colour, value) in enumerate(whole):
        axes.bar(place, height, bottom=bottom, color=colour, width=0.7)
        text = f"{value:,.0f}" if place in (0, len(whole) - 1) else with_minus(f"{value:+,.0f}")
        axes.text(place, bottom + height + 0.03 * room, text, ha="center", size=7.5)
    axes.set_ylim(floor, highest + 0.3 * room)
    axes.set_xticks(range(len(whole)), [name for name, *_ in whole], size=7, rotation=30)
    axes.set_yticks([])
    if floor > 0:
        for place in (0, len(whole) - 1):
            axes.text(place, floor + 0.08 * room, "≈", ha="center", size=13, color="white", weight="bold")


def retention(pack: Pack, paper: Paper) -> None:
    """How much of the revenue of twelve months ago is still there, and of each cohort's."""
    page = paper.page("Retention", "Of the customers of twelve months before, whose revenue is 100 %")
    if pack.subscriptions is None:
        _lacking(page, pack, "ndr")
        return
    kept = tables.retention_by_month(pack.subscriptions, as_of=pack.as_of)
    kept = kept[kept["ndr"].notna()].tail(_MONTHS)
    axes = page.axes(0.04, 0.53, 0.96, 0.28, "Net, gross and logo retention, 12 months")
    if len(kept):
        for name, label, line in (("ndr", "Net", "-"), ("grr", "Gross", "--"), ("logo_retention", "Logos", ":")):
            axes.plot(range(len(kept)), 100 * kept[name], line, label=label, lw=1.8)
        axes.axhline(100, color=LINE, lw=0.8)
        axes.yaxis.set_major_formatter("{x:.0f} %")
        axes.legend(ncol=3, loc="upper left", bbox_to_anchor=(0, 1.02))
        _months(axes, [f"{month:%b %y}" for month in kept["month"]])
    else:
        axes.axis("off")
        page.words(0.04, 0.7, "Thirteen months of revenue are needed.", size=11)
    _cohorts(page, pack)
    told = pack.card["ndr"]
    if told.value is not None and told.interval is not None:
        low, high = (told.unit.text(bound) for bound in told.interval)
        page.words(0, 0.075, f"Net dollar retention {told.unit.text(told.value)}, 95 %: {low} to {high}.", size=9)


def _cohorts(page: Page, pack: Pack) -> None:
    """Revenue kept by the month a customer came; the shade repeats the number."""
    found = tables.cohort_retention(pack.subscriptions, value="mrr", as_of=pack.as_of).tail(_COHORTS)
    ages = [name for name in found.columns if name.startswith("age_")][:_COHORTS]
    axes = page.axes(0.09, 0.12, 0.91, 0.3, "Revenue kept by the cohort that came in a month")
    shares = found[ages].astype(float).to_numpy()
    axes.imshow(shares, aspect="auto", cmap=_shades(), vmin=0.5, vmax=1.2)
    for row, values in enumerate(shares):
        for column, value in enumerate(values):
            if value == value:
                axes.text(column, row, f"{100 * value:.0f}", ha="center", va="center", size=6.5)
    names = [f"{month:%b %y}  {size:,.0f}" for month, size in zip(found["cohort"], found["size"], strict=True)]
    axes.set_yticks(range(len(names)), names, size=7)
    axes.set_xticks(range(len(ages)), [name.removeprefix("age_") for name in ages], size=7)
    axes.tick_params(length=0)
    axes.set_frame_on(False)


def _shades() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("kept", ["#EEF3F9", ACCENT_SOFT]).with_extremes(bad="white")


def voice(pack: Pack, paper: Paper) -> None:
    """Who would recommend, month by month, and the other two questions."""
    page = paper.page("Voice of customer", pack.month)
    answers = pack.reading.tables.get("responses")
    if answers is None or pack.card["nps"].value is None or "date" not in answers:
        _lacking(page, pack, "nps")
        return
    scored = answers[answers["nps"].notna() & answers["date"].notna()]
    scored = scored[scored["date"] < pack.as_of.isoformat()]
    groups = scored.groupby(scored["date"].dt.to_period("M"))["nps"]
    counts = (
        groups.agg(lambda s: (s >= 9).sum()),
        groups.agg(lambda s: s.between(7, 8).sum()),
        groups.agg(lambda s: (s <= 6).sum()),
    )
    promoters, passives, detractors = (one.tail(_MONTHS) for one in counts)
    axes = page.axes(0.04, 0.45, 0.96, 0.36, "Answers by month")
    base = [0] * len(promoters)
    for name, values, colour in (
        ("Detractors", detractors, BAD), ("Passives", passives, CAUTION), ("Promoters", promoters, GOOD)
    ):  # fmt: skip
        hatch = "////" if name == "Detractors" else ""  # told apart in grey too
        axes.bar(range(len(values)), values, bottom=base, color=colour, label=name, width=0.75, hatch=hatch, ec="white")
        base = [start + value for start, value in zip(base, values, strict=True)]
    axes.legend(ncol=3, loc="upper left", bbox_to_anchor=(0, 1.02))
    _months(axes, [f"{month.to_timestamp():%b %y}" for month in promoters.index])
    for number, name in enumerate(("nps", "csat", "ces", "fcr")):
        if pack.card[name].value is not None:
            _tile(page, pack.card[name], number * 0.25, 0.15)


def moved(pack: Pack, paper: Paper) -> None:
    """What changed, whether it may be chance, and whose revenue it was."""
    page = paper.page("What moved, and why", f"{pack.month} against the month before")
    y = 0.84
    told = [line for line in pack.card.lines if line.sentence]
    clear = [line for line in told if line.verdict in VERDICT_COLOURS] or told[:3]
    for line in clear[:5]:
        y -= 0.028 * page.words(0, y, line.sentence, size=10, wide=130) + 0.012
    if len(clear) < len(told):
        still = f"{len(told) - len(clear)} more figures moved no more than chance may move them, or are not judged."
        page.words(0, y, still, size=10, colour=MUTED)
        y -= 0.05
    if pack.subscriptions is None:
        return
    found = {metric: _why(pack, metric) for metric in ("mrr", "ndr")}
    for why in found.values():
        account = why if isinstance(why, str) else cut(why.sentence, 420)
        y -= 0.028 * page.words(0, y, account, size=10, wide=105) + 0.012
    if isinstance(found["mrr"], str):
        return
    named = found["mrr"].rows("customer", "group", "part", "effect")
    rows = [(who, what, with_minus(f"{adds:+,.2f}")) for who, what, adds in zip(*named.values(), strict=True)]
    if rows:
        page.words(0, y - 0.02, "MRR, the largest by customer", size=11, colour=ACCENT, bold=True)
        page.table(y - 0.06, ("Customer", "What", "MRR"), rows, (0, 0.45, 0.75), {2}, (48, 20, 16))


def _why(pack: Pack, metric: str) -> Why | str:
    """The account of why money moved since the month before, or why there is none."""
    month = month_number(pack.card.month)
    try:
        return why_in(pack.reading, metric, month - 1, month)
    except Missing as lacking:
        return f"{pack.card[metric].title}: no account, as it {lacking}."
    except MetricError as error:
        return f"{pack.card[metric].title}: {error}"


def definitions(pack: Pack, paper: Paper) -> None:
    """What each figure is, and what it was computed from."""
    page = paper.page("Definitions", "How each figure is made; figures named alike are made alike everywhere")
    known = [line for line in pack.card.lines if line.value is not None]
    rows = [(line.title, line.metric.formula, line.basis) for line in known]
    page.table(0.85, ("Figure", "Formula", "Computed from"), rows, (0, 0.3, 0.66), set(), (40, 46, 45), step=0.045)


def checks(pack: Pack, paper: Paper) -> None:
    """What was left out, guessed and asked, and what the missing figures need."""
    page = paper.page("Checks", "What to know before these figures are used")
    report = pack.reading.report
    lines = [f"{line.title}: {line.missing}" for line in pack.card.lines if line.missing]
    lines += [f"{place} was not read: {error}" for place, error in report.refused.items()]
    lines += [f"{table.place}: {item}: {text}" for table in report.read for item, text in table.remarks()]
    lines += [*report.notes, *pack.card.notes]
    y = 0.85
    told = list(dict.fromkeys(lines))
    for place, text in enumerate(told):
        if y < 0.1:
            page.words(0, y, f"and {len(told) - place} more; csmetrics scorecard shows them all", size=8)
            break
        y -= 0.021 * page.words(0, y, cut(text, 320), size=8, wide=165) + 0.006


def _in(pack: Pack, each: str) -> str:
    return f"{pack.currency} {each}" if pack.currency else f"In the currency of the files, {each}"


def _lacking(page: Page, pack: Pack, metric: str) -> None:
    page.words(0, 0.8, f"Not shown: {pack.card[metric].missing or 'no dates'}", size=11, wide=110)


def _months(axes: Any, labels: Sequence[str]) -> None:
    every = max(1, len(labels) // 12)
    axes.set_xticks(range(0, len(labels), every), labels[::every], size=7.5)
    axes.tick_params(length=0)
    if axes.get_yaxis().get_major_formatter().__class__.__name__ == "ScalarFormatter":
        axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.margins(x=0.01)
