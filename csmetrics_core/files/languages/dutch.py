"""Dutch."""

from csmetrics_core.files.languages.language import Language

DUTCH = Language(
    "Dutch",
    headings={
        "amount": ("Bedrag", "Prijs", "Omzet", "Waarde", "Factuurbedrag"),
        "arr": ("Jaaromzet", "Jaarbedrag", "Omzet per jaar"),
        "ces": ("Moeite", "Gemak"),
        "channel": ("Kanaal",),
        "closed": ("Gesloten op", "Opgelost op", "Sluitingsdatum", "Datum gesloten"),
        "comment": ("Opmerking", "Opmerkingen", "Toelichting", "Commentaar"),
        "contacts": ("Contacten", "Aantal contacten", "Reacties"),
        "csat": ("Tevredenheid", "Klanttevredenheid", "Beoordeling"),
        "currency": ("Valuta", "Munt"),
        "customer": (
            "Klant", "Klantnummer", "Klant-ID", "Klantnaam", "Klantcode", "Bedrijf", "Organisatie", "Debiteur",
        ),
        "date": ("Datum", "Antwoorddatum", "Factuurdatum"),
        "discount": ("Korting",),
        "end": (
            "Einde", "Einddatum", "Eind", "Einde contract", "Contracteinde", "Opgezegd op", "Opzegdatum",
            "Opgezegd per", "Tot", "Tot en met", "t/m",
        ),
        "feature": ("Functie", "Gebeurtenis"),
        "interval_months": (
            "Facturatie", "Betaaltermijn", "Frequentie", "Looptijd in maanden", "Facturatiefrequentie",
        ),
        "licensed": ("Licenties", "Aantal licenties", "Plaatsen"),
        "month": ("Maand", "Periode", "Factuurmaand"),
        "mrr": ("Maandomzet", "Omzet per maand", "Maandbedrag", "Maandelijkse omzet"),
        "nps": ("NPS-score", "Aanbeveling"),
        "opened": ("Geopend op", "Aangemaakt op", "Aanmaakdatum", "Datum aangemaakt"),
        "owner": ("Accountmanager", "Eigenaar"),
        "plan": ("Pakket", "Product", "Abonnementsvorm"),
        "purpose": ("Kostensoort", "Doel"),
        "region": ("Regio", "Land"),
        "resolved": ("Opgelost",),
        "segment": ("Klantsegment", "Klantgroep"),
        "start": ("Begin", "Begindatum", "Startdatum", "Ingangsdatum", "Klant sinds", "Contractstart", "Vanaf", "Van"),
        "subscription": ("Abonnement", "Contract", "Contractnummer"),
        "ticket": ("Ticketnummer", "Melding", "Zaak"),
        "timestamp": ("Tijdstip", "Tijd"),
        "user": ("Gebruiker",),
    },
    months="januari februari maart april mei juni juli augustus september oktober november december",
    also_months={"mrt": 3},
    totals=("som", "totaal", "eindtotaal", "subtotaal", "gemiddelde?",),
    yes="ja j waar",
    no="nee onwaar",
    done="opgelost gesloten afgerond afgehandeld",
    undone="open nieuw inbehandeling wachtend heropend",
    intervals={
        "dag": 12 / 365, "week": 12 / 52, "wekelijks": 12 / 52, "maand": 1, "maandelijks": 1, "per maand": 1,
        "maanden": 1, "kwartaal": 3, "per kwartaal": 3, "halfjaar": 6, "halfjaarlijks": 6, "jaar": 12,
        "jaarlijks": 12, "per jaar": 12,
    },
    nothing=("n.v.t.", "nvt", "geen", "onbekend",),
    still=(
        "lopend", "actief", "onbepaald", "onbepaalde tijd", "heden", "doorlopend", "open",
    ),
)  # fmt: skip
