"""Danish."""

from csmetrics_core.files.languages.language import Language

DANISH = Language(
    "Danish",
    headings={
        "amount": ("Beløb", "Pris", "Omsætning", "Indtægt", "Værdi"),
        "arr": ("Årsomsætning", "Årligt beløb"),
        "closed": ("Lukket", "Løst den", "Lukket den"),
        "comment": ("Kommentar", "Kommentarer", "Bemærkning"),
        "contacts": ("Kontakter", "Antal kontakter"),
        "csat": ("Tilfredshed", "Kundetilfredshed", "Vurdering"),
        "currency": ("Valuta",),
        "customer": ("Kunde", "Kundenummer", "Kunde-ID", "Kundenavn", "Virksomhed", "Firma"),
        "date": ("Dato", "Svardato", "Fakturadato"),
        "discount": ("Rabat",),
        "end": ("Slut", "Slutdato", "Ophørsdato", "Opsagt", "Opsagt den", "Opsigelsesdato", "Til"),
        "interval_months": ("Fakturering", "Frekvens"),
        "licensed": ("Licenser", "Antal licenser"),
        "month": ("Måned", "Periode", "Faktureringsmåned"),
        "mrr": ("Månedsomsætning", "Månedligt beløb", "Omsætning pr. måned"),
        "opened": ("Åbnet", "Oprettet", "Oprettet den"),
        "plan": ("Produkt", "Pakke"),
        "region": ("Land",),
        "resolved": ("Løst",),
        "segment": ("Kundesegment", "Kundegruppe"),
        "start": ("Startdato", "Kunde siden", "Fra", "Begyndelse", "Aftalestart"),
        "subscription": ("Abonnement", "Aftale", "Aftalenummer"),
        "ticket": ("Sag", "Sagsnummer"),
        "timestamp": ("Tidspunkt", "Tid"),
        "user": ("Bruger",),
    },
    months="januar februar marts april maj juni juli august september oktober november december",
    totals=("sum", "i alt", "total", "subtotal", "gennemsnit",),
    yes="ja j sandt",
    no="nej falsk",
    done="løst lukket afsluttet færdig",
    undone="åben åbent ny afventer igang genåbnet",
    intervals={
        "dag": 12 / 365, "uge": 12 / 52, "måned": 1, "månedlig": 1, "månedligt": 1, "måneder": 1, "kvartal": 3,
        "kvartalsvis": 3, "halvår": 6, "halvårlig": 6, "år": 12, "årlig": 12, "årligt": 12,
    },
    nothing=("ingen", "ikke oplyst",),
    still=(
        "løbende", "igangværende", "aktiv", "nuværende", "tidsubegrænset",
    ),
)  # fmt: skip
