"""Files in the languages people have them in, and the words of different languages that may not clash."""

from datetime import date

import pytest

from csmetrics_core.files import Said, read_company
from csmetrics_core.files.calendar_words import month_number
from csmetrics_core.files.headings import plain
from csmetrics_core.files.languages import LANGUAGES, folded
from csmetrics_core.files.words import months_in
from csmetrics_core.scorecard import scorecard_of

REVENUE = {
    "German": ("Kunde;Monat;Umsatz", "Mrz 2025"),
    "French": ("Client;Période;Chiffre d'affaires", "mars 2025"),
    "French without accents": ("Societe;Mois;Revenu mensuel", "fevr. 2025"),
    "Spanish": ("Cliente;Mes;Ingresos", "mar-25"),
    "Italian": ("Ragione sociale;Mese;Ricavo mensile", "marzo 2025"),
    "Portuguese": ("Cliente;Mês;Receita", "março/2025"),
    "Dutch": ("Klant;Maand;Omzet", "mrt 2025"),
    "Swedish": ("Kund;Månad;Belopp", "mars 2025"),
    "Danish": ("Kunde;Måned;Beløb", "marts 2025"),
    "Norwegian": ("Kunde;Måned;Beløp", "mars 2025"),
    "Polish": ("Klient;Miesiąc;Kwota", "marzec 2025"),
}
STAYS = {
    "German": "Kundennummer;Vertragsbeginn;gekündigt zum",
    "French": "Client;Date de début;Date de résiliation",
    "Spanish": "Cliente;Fecha de alta;Fecha de baja",
    "Italian": "Cliente;Data inizio;Data fine",
    "Portuguese": "Cliente;Data de início;Data de cancelamento",
    "Dutch": "Klantnummer;Begindatum;Einddatum",
    "Swedish": "Kundnummer;Startdatum;Slutdatum",
    "Danish": "Kunde;Startdato;Slutdato",
    "Norwegian": "Kunde;Startdato;Sluttdato",
    "Polish": "Klient;Data rozpoczęcia;Data zakończenia",
}


@pytest.mark.parametrize("language", REVENUE)
def test_revenue_is_read(language):
    headings, month = REVENUE[language]
    text = f"{headings}\nA;{month};1.000,50\nB;{month};200,25\n"
    found = read_company({"export.csv": text.encode()})
    assert found.tables["subscriptions"].iloc[:, -1].tolist() == [1000.5, 200.25]
    assert found.tables["subscriptions"]["month"].dt.month.isin([2, 3]).all()


@pytest.mark.parametrize("language", STAYS)
def test_stays_are_read(language):
    text = f"{STAYS[language]}\nA;01-02-2024;\nB;13-02-2024;15-03-2025\n"
    found = scorecard_of(read_company({"export.csv": text.encode()}, Said(as_of=date(2025, 3, 31))))
    assert (found.month, found["churn_rate"].value) == ("2025-03", 0.5)


@pytest.mark.parametrize(
    ("encoding", "text", "said"),
    [
        ("cp1250", "Klient;Miesiąc;Kwota\nŁódź;2025-03;100\n", "Windows-1250"),
        ("mac_roman", "Kunde;Währung;Monat;Umsatz\nMüller;EUR;2025-03;100\n", "Mac Roman"),
        ("cp850", "Kunde;Währung;Monat;Umsatz\nMüller;EUR;2025-03;100\n", "DOS"),
        ("cp1252", "Kunde;Währung;Monat;Umsatz\nMüller;EUR;2025-03;100\n", "Windows-1252"),
    ],
)
def test_an_older_encoding_is_told_by_its_headings(encoding, text, said):
    found = read_company({"export.csv": text.encode(encoding)})
    assert found.tables["subscriptions"]["customer"].tolist() == [text.splitlines()[1].split(";")[0]]
    assert said in " ".join(note for _, note in found.report.read[0].remarks())


def test_no_word_is_an_answer_and_its_opposite():
    words = {
        kind: {folded(w) for one in LANGUAGES for w in getattr(one, kind).split()}
        for kind in ("yes", "no", "done", "undone")
    }
    assert not (words["yes"] | words["done"]) & (words["no"] | words["undone"])
    assert not any(" " in word or "-" in word for kind in words.values() for word in kind)


def test_an_interval_is_as_long_in_every_language():
    for language in LANGUAGES:
        for word, months in language.intervals.items():
            assert months_in(word) == months, (language.name, word)


def test_every_month_of_every_language_is_read():
    for language in LANGUAGES:
        assert [month_number(word) for word in language.months.split()] == list(range(1, 13)), language.name
        assert all(month_number(word) == number for word, number in language.also_months.items()), language.name


def test_a_heading_means_one_thing_within_a_language():
    """But for the words of start and end days, which a table's other columns tell apart."""
    for language in LANGUAGES[1:]:
        seen = {}
        for column, words in language.headings.items():
            for word in words:
                assert seen.setdefault(plain(word), column) == column, (language.name, word)


def test_names_of_sums_begin_with_two_letters_by_which_other_cells_are_passed_over() -> None:
    patterns = [pattern for language in LANGUAGES for pattern in language.totals]
    assert patterns
    assert [
        pattern for pattern in patterns if not pattern[:2].replace(" ", "").isalpha() or pattern[2:3] in "?*{"
    ] == []
