"""Italian."""

from csmetrics_core.files.languages.language import Language

ITALIAN = Language(
    "Italian",
    headings={
        "amount": ("Importo", "Prezzo", "Ricavo", "Ricavi", "Fatturato", "Valore", "Imponibile"),
        "arr": ("Ricavo annuo", "Ricavi annui", "Canone annuo", "Importo annuo"),
        "ces": ("Sforzo", "Facilità"),
        "channel": ("Canale",),
        "closed": ("Chiuso il", "Risolto il", "Data chiusura", "Data di chiusura", "Data risoluzione"),
        "comment": ("Commento", "Commenti", "Osservazioni"),
        "contacts": ("Contatti", "Numero contatti", "Risposte"),
        "csat": ("Soddisfazione", "Soddisfazione cliente", "Valutazione"),
        "currency": ("Valuta", "Divisa"),
        "customer": (
            "Cliente", "ID cliente", "Codice cliente", "Nome cliente", "Ragione sociale", "Azienda", "Società",
        ),
        "date": ("Data", "Data risposta", "Data fattura"),
        "discount": ("Sconto",),
        "end": (
            "Fine", "Data fine", "Data di fine", "Fine contratto", "Scadenza", "Data scadenza", "Disdetta",
            "Data disdetta", "Data cessazione", "Cessazione", "Al",
        ),
        "feature": ("Funzione", "Funzionalità", "Evento"),
        "interval_months": ("Fatturazione", "Periodicità", "Frequenza", "Durata in mesi"),
        "licensed": ("Licenze", "Numero licenze", "Postazioni"),
        "month": ("Mese", "Periodo", "Mese di fatturazione", "Mese di competenza"),
        "mrr": ("Ricavo mensile", "Ricavi mensili", "Canone mensile", "Importo mensile", "Ricavo ricorrente mensile"),
        "nps": ("Punteggio NPS", "Raccomandazione"),
        "opened": ("Aperto il", "Creato il", "Data apertura", "Data creazione", "Data di apertura"),
        "owner": ("Responsabile", "Referente"),
        "plan": ("Piano", "Prodotto", "Offerta"),
        "purpose": ("Tipo di costo",),
        "region": ("Regione", "Paese"),
        "resolved": ("Risolto",),
        "segment": ("Segmento", "Segmento cliente"),
        "start": (
            "Inizio", "Data inizio", "Data di inizio", "Inizio contratto", "Decorrenza", "Cliente dal",
            "Data attivazione", "Attivazione", "Dal",
        ),
        "subscription": ("Abbonamento", "Contratto", "Numero contratto"),
        "ticket": ("Numero ticket", "Richiesta", "Segnalazione"),
        "timestamp": ("Data e ora", "Ora"),
        "user": ("Utente",),
    },
    months="gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    totals=("somma", "totale(?: complessivo| generale)?", "subtotale",),
    yes="si sì s vero",
    no="falso",
    done="risolto chiuso completato concluso",
    undone="aperto nuovo inattesa incorso inlavorazione sospeso riaperto",
    intervals={
        "giorno": 12 / 365, "settimana": 12 / 52, "settimanale": 12 / 52, "mese": 1, "mensile": 1, "mesi": 1,
        "bimestrale": 2, "trimestre": 3, "trimestrale": 3, "semestre": 6, "semestrale": 6, "anno": 12, "annuale": 12,
        "annuo": 12, "anni": 12,
    },
    nothing=("n.d.", "nessuno", "nessuna", "non disponibile",),
    still=(
        "in corso", "attivo", "attiva", "indeterminato", "tempo indeterminato", "a oggi", "aperto",
    ),
)  # fmt: skip
