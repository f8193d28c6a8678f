"""A dashboard and its template workbook say the same of the same company over the same span."""

import io
import re

import openpyxl
import pytest
from csmetrics_panels import dashboard
from csmetrics_panels.dashboards.blocks import Across, Figures, Grid
from csmetrics_panels.dashboards.workbook_data import workbook

from csmetrics_core.samples import SampleCompany, sample_company

pytestmark = pytest.mark.filterwarnings("ignore:Sparkline:UserWarning:openpyxl")
_COMPANY = ("Customer acquisition cost", "LTV:CAC", "CAC payback, months", "Customer retention cost in the period",
            "Customer lifetime value, discounted, within the horizon")  # fmt: skip
#: Dashboard -> the template's page, the column of its values, and figure on the screen -> label in the template.
PAIRS: dict[str, tuple[str, int, dict[str, str]]] = {
    "unit_economics": ("Economics", 2, {name: name for name in (
        "Revenue a customer in the period", "MRR a customer", "Customer churn a month", "Customer lifetime, months",
        *_COMPANY,
    )}),
    "revenue_retention": ("Retention", 2, {
        "MRR at the end": "Monthly recurring revenue at end",
        "Net revenue retention": "Net dollar retention, 12 months",
        "Gross revenue retention": "Gross revenue retention, 12 months",
        "Customer churn rate": "Customer churn of the period, by dates",
        "Gross MRR churn rate": "Gross MRR churn of the period",
        "Net MRR churn rate": "Net MRR churn of the period",
    }),
    "voice_of_customer": ("Voice", 3, {
        "NPS, one vote a response": "Net Promoter Score",
        "NPS, one vote an account": "one vote an account",
        "NPS, weighted by ARR": "weighted by ARR",
        "Customer Satisfaction Score": "Customer satisfaction",
        "Customer Effort Score": "Customer effort",
        "First contact resolution from tickets": "First contact resolution",
    }),
    "usage": ("Usage", 2, {
        "Daily active users": "Daily active users",
        "Weekly active users": "Weekly active users",
        "Monthly active users": "Monthly active users",
        "Stickiness": "Stickiness: mean daily ÷ monthly",
        "Average session, minutes": "Session length, minutes",
    }),
}  # fmt: skip


@pytest.fixture(scope="module")
def company() -> SampleCompany:
    return sample_company(customers=150, months=30, seed=3, event_days=120)


def flat(blocks: object) -> list:
    return [one for block in blocks for one in (flat(block.blocks) if isinstance(block, Across) else [block])]


def shown(board: object) -> dict[str, str]:
    """Every figure of every page."""
    found = {}
    for page in board._pages:
        board.choose(page=page.title)
        found |= {item.title: item.value for b in flat(board.blocks) if isinstance(b, Figures) for item in b.items}
    return found


def cached(board: object, page: str, column: int) -> dict[str, object]:
    """The values of a page of the template, as they stand in the file before any program opens it."""
    sheet = openpyxl.load_workbook(io.BytesIO(workbook(board)[0]), data_only=True)[page]
    found: dict[str, object] = {}
    for row in sheet.iter_rows(max_row=40):
        found.setdefault(str(row[0].value), row[column - 1].value)
    return found


def agrees(text: str, value: object) -> bool:
    """Whether a figure is a value as rounded on the screen; a dash is no value."""
    if not isinstance(value, int | float):
        return text == "–"
    number = re.match(r"[+−-]?[\d,]+(\.\d+)?", text)
    if number is None:
        return False
    scale = 100 if "%" in text else 1
    unit = 10 ** -len((number[1] or ".")[1:])
    return abs(float(number[0].replace(",", "").replace("−", "-")) - scale * value) <= 0.5001 * unit


@pytest.mark.parametrize("choices", [{"span": "quarter"}, {"span": "month"}, {"span": "quarter", "segment": "SMB"}])
@pytest.mark.parametrize("name", list(PAIRS))
def test_screen_and_template_agree(company: SampleCompany, name: str, choices: dict) -> None:
    page, column, labels = PAIRS[name]
    board = dashboard(name, company, **choices)
    screen, template = shown(board), cached(board, page, column)
    wanted = {k: v for k, v in labels.items() if "segment" not in choices or k not in _COMPANY}
    wrong = {k: (screen[k], template[v]) for k, v in wanted.items() if not agrees(screen[k], template[v])}
    assert wrong == {}


def test_costs_of_the_whole_company_are_not_divided_by_the_customers_of_one_segment(company: SampleCompany) -> None:
    board = dashboard("unit_economics", company, segment="SMB")
    screen = shown(board)
    assert {screen[name] for name in _COMPANY} == {"–"}
    missing = [
        item.missing for b in flat(board.choose(page="Today").blocks) if isinstance(b, Figures) for item in b.items
    ]
    assert any("choose all segments" in words for words in missing)


def test_the_scorecards_agree_on_a_month(company: SampleCompany) -> None:
    board = dashboard("scorecard", company, span="month")
    screen, template = shown(board), cached(board, "Scorecard", 3)
    wrong = {k: (v, template[k]) for k, v in screen.items() if k in template and not agrees(v, template[k])}
    assert wrong == {}
    assert len(screen) == 16
    # The template types a gross margin and knows no accounts' usage: figures composed otherwise are called otherwise.
    assert screen.keys() - template.keys() == {
        "Customer health score, from 30 days of usage",
        "Customer lifetime value, churn pooled over 6 months",
        "Stickiness, trailing 30 days",
    }


def test_weights_and_bands_of_the_screen_travel_into_the_template(company: SampleCompany) -> None:
    board = dashboard("health_score", company)
    assert_health_agrees(board)
    board._weights["growth"].value = 0
    board._weights["depth"].value = 5
    board._edges["green"].value = 60
    assert_health_agrees(board)
    weights = cached(board, "Weights", 4)
    assert weights["Weight"] == 5
    assert cached(board, "Weights", 2)["green"] == 60


def assert_health_agrees(board: object) -> None:
    page, accounts = cached(board, "Health", 4), cached(board, "Health", 2)
    board.choose(page="Scores and back-test")
    figures = {item.title: item for b in flat(board.blocks) if isinstance(b, Figures) for item in b.items}
    for band in ("red", "amber", "green"):
        assert agrees(figures[f"ARR in {band}"].value, page[band])
        assert figures[f"ARR in {band}"].detail == f"{accounts[band]:,.0f} accounts"
    assert agrees(figures["Mean health"].value, cached(board, "Health", 6)["all"])
    tested = next(b for b in flat(board.blocks) if isinstance(b, Grid) and "Back-test" in b.caption)
    past = cached(board, "Back-test", 3)
    for band, churned in zip(tested.columns["band"], tested.columns["churned"], strict=True):
        assert past[band] == churned
    assert f"AUC {cached(board, 'Back-test', 2)['AUC']:.2f}" in tested.caption
