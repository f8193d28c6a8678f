"""Polish."""

from csmetrics_core.files.languages.language import Language

POLISH = Language(
    "Polish",
    headings={
        "amount": ("Kwota", "Cena", "Przychód", "Przychody", "Wartość", "Kwota netto"),
        "arr": ("Przychód roczny", "Kwota roczna"),
        "closed": ("Zamknięto", "Data zamknięcia", "Rozwiązano", "Data rozwiązania"),
        "comment": ("Komentarz", "Komentarze", "Uwagi"),
        "contacts": ("Kontakty", "Liczba kontaktów"),
        "csat": ("Zadowolenie", "Satysfakcja", "Ocena"),
        "currency": ("Waluta",),
        "customer": ("Klient", "Numer klienta", "ID klienta", "Nazwa klienta", "Kod klienta", "Firma", "Kontrahent"),
        "date": ("Data", "Data odpowiedzi", "Data faktury"),
        "discount": ("Rabat", "Zniżka"),
        "end": ("Koniec", "Data zakończenia", "Data końca", "Koniec umowy", "Data rezygnacji", "Rezygnacja", "Do"),
        "interval_months": ("Rozliczenie", "Częstotliwość", "Okres rozliczeniowy"),
        "licensed": ("Licencje", "Liczba licencji"),
        "month": ("Miesiąc", "Okres", "Miesiąc rozliczeniowy"),
        "mrr": ("Przychód miesięczny", "Kwota miesięczna", "Opłata miesięczna"),
        "opened": ("Otwarto", "Utworzono", "Data utworzenia"),
        "plan": ("Produkt", "Pakiet", "Taryfa"),
        "region": ("Kraj",),
        "resolved": ("Rozwiązane", "Rozwiązany"),
        "segment": ("Segment klienta", "Grupa klientów"),
        "start": ("Początek", "Data rozpoczęcia", "Data początku", "Początek umowy", "Klient od", "Od"),
        "subscription": ("Subskrypcja", "Abonament", "Umowa", "Numer umowy"),
        "ticket": ("Zgłoszenie", "Numer zgłoszenia", "Sprawa"),
        "timestamp": ("Czas", "Znacznik czasu"),
        "user": ("Użytkownik",),
    },
    months="styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień",
    also_months={
        "stycznia": 1, "lutego": 2, "marca": 3, "kwietnia": 4, "maja": 5, "czerwca": 6, "lipca": 7, "sierpnia": 8,
        "września": 9, "października": 10, "listopada": 11, "grudnia": 12,
    },
    totals=("suma", "razem", "ogółem", "średnia",),
    yes="tak t prawda",
    no="nie fałsz",
    done="rozwiązane zamknięte zakończone gotowe",
    undone="otwarte nowe oczekujące wtoku wstrzymane",
    intervals={
        "dzień": 12 / 365, "tydzień": 12 / 52, "miesiąc": 1, "miesięcznie": 1, "miesięczny": 1, "miesięczna": 1,
        "kwartał": 3, "kwartalnie": 3, "kwartalny": 3, "półrocze": 6, "półrocznie": 6, "rok": 12, "rocznie": 12,
        "roczny": 12, "roczna": 12,
    },
    nothing=("brak", "nie dotyczy", "brak danych",),
    still=(
        "w toku", "aktywny", "aktywna", "trwa", "bezterminowo", "czas nieokreślony", "obecnie",
    ),
)  # fmt: skip
