"""Swedish."""

from csmetrics_core.files.languages.language import Language

SWEDISH = Language(
    "Swedish",
    headings={
        "amount": ("Belopp", "Pris", "Intäkt", "Intäkter", "Omsättning", "Värde"),
        "arr": ("Årsintäkt", "Årlig intäkt", "Årsbelopp"),
        "closed": ("Stängd", "Stängt", "Löst datum", "Avslutad"),
        "comment": ("Kommentar", "Kommentarer", "Motivering"),
        "contacts": ("Kontakter", "Antal kontakter"),
        "csat": ("Nöjdhet", "Kundnöjdhet", "Betyg"),
        "currency": ("Valuta",),
        "customer": ("Kund", "Kundnummer", "Kund-ID", "Kundnamn", "Företag", "Bolag"),
        "date": ("Datum", "Svarsdatum", "Fakturadatum"),
        "discount": ("Rabatt",),
        "end": (
            "Slut", "Slutdatum", "Avtalsslut", "Uppsagd", "Uppsägningsdatum", "Till", "Till och med", "Avslutsdatum",
        ),
        "interval_months": ("Fakturering", "Faktureringsintervall", "Frekvens"),
        "licensed": ("Licenser", "Antal licenser"),
        "month": ("Månad", "Period", "Faktureringsmånad"),
        "mrr": ("Månadsintäkt", "Månadsbelopp", "Intäkt per månad", "Månadsavgift"),
        "opened": ("Öppnad", "Skapad", "Skapad datum"),
        "plan": ("Produkt", "Paket"),
        "region": ("Land",),
        "resolved": ("Löst",),
        "segment": ("Kundsegment", "Kundgrupp"),
        "start": ("Startdatum", "Avtalsstart", "Kund sedan", "Från", "Från och med", "Början"),
        "subscription": ("Abonnemang", "Avtal", "Avtalsnummer"),
        "ticket": ("Ärende", "Ärendenummer"),
        "timestamp": ("Tidpunkt", "Tid"),
        "user": ("Användare",),
    },
    months="januari februari mars april maj juni juli augusti september oktober november december",
    totals=("summa", "totalt", "totalsumma", "delsumma", "genomsnitt", "medelvärde",),
    yes="ja j sant",
    no="nej falskt",
    done="löst stängd stängt avslutad klar",
    undone="öppen öppet ny väntar pågående återöppnad",
    intervals={
        "dag": 12 / 365, "vecka": 12 / 52, "månad": 1, "månadsvis": 1, "månatlig": 1, "månader": 1, "kvartal": 3,
        "kvartalsvis": 3, "halvår": 6, "halvårsvis": 6, "år": 12, "årlig": 12, "årsvis": 12, "årligen": 12,
    },
    nothing=("saknas", "ej svar", "ingen", "inga",),
    still=(
        "pågående", "löpande", "aktiv", "tills vidare", "nuvarande",
    ),
)  # fmt: skip
