"""Norwegian."""

from csmetrics_core.files.languages.language import Language

NORWEGIAN = Language(
    "Norwegian",
    headings={
        "amount": ("Beløp", "Pris", "Omsetning", "Inntekt", "Verdi"),
        "arr": ("Årsomsetning", "Årlig beløp"),
        "closed": ("Lukket", "Løst dato", "Lukket dato"),
        "comment": ("Kommentar", "Kommentarer"),
        "contacts": ("Kontakter", "Antall kontakter"),
        "csat": ("Tilfredshet", "Kundetilfredshet", "Vurdering"),
        "currency": ("Valuta",),
        "customer": ("Kunde", "Kundenummer", "Kunde-ID", "Kundenavn", "Bedrift", "Selskap"),
        "date": ("Dato", "Svardato", "Fakturadato"),
        "discount": ("Rabatt",),
        "end": ("Slutt", "Sluttdato", "Oppsagt", "Oppsagt dato", "Avsluttet", "Til"),
        "interval_months": ("Fakturering", "Frekvens"),
        "licensed": ("Lisenser", "Antall lisenser"),
        "month": ("Måned", "Periode", "Faktureringsmåned"),
        "mrr": ("Månedsinntekt", "Månedlig beløp", "Inntekt per måned"),
        "opened": ("Åpnet", "Opprettet", "Opprettet dato"),
        "plan": ("Produkt", "Pakke"),
        "region": ("Land",),
        "resolved": ("Løst",),
        "segment": ("Kundesegment", "Kundegruppe"),
        "start": ("Startdato", "Kunde siden", "Fra", "Avtalestart"),
        "subscription": ("Abonnement", "Avtale", "Avtalenummer"),
        "ticket": ("Sak", "Saksnummer"),
        "timestamp": ("Tidspunkt", "Tid"),
        "user": ("Bruker",),
    },
    months="januar februar mars april mai juni juli august september oktober november desember",
    totals=("sum", "totalt", "delsum", "gjennomsnitt",),
    yes="ja j sant",
    no="nei usant",
    done="løst lukket avsluttet ferdig",
    undone="åpen åpent ny venter pågår gjenåpnet",
    intervals={
        "dag": 12 / 365, "uke": 12 / 52, "måned": 1, "månedlig": 1, "måneder": 1, "kvartal": 3, "kvartalsvis": 3,
        "halvår": 6, "halvårlig": 6, "år": 12, "årlig": 12,
    },
    nothing=("ingen", "ikke oppgitt",),
    still=(
        "løpende", "pågående", "aktiv", "nåværende", "tidsubegrenset",
    ),
)  # fmt: skip
