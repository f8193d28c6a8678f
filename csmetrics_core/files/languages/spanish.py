"""Spanish."""

from csmetrics_core.files.languages.language import Language

SPANISH = Language(
    "Spanish",
    headings={
        "amount": ("Importe", "Precio", "Monto", "Ingresos", "Ingreso", "Facturación", "Valor"),
        "arr": ("Ingresos anuales", "Importe anual", "Ingreso anual recurrente"),
        "ces": ("Esfuerzo", "Facilidad"),
        "channel": ("Canal",),
        "closed": ("Cerrado el", "Resuelto el", "Fecha de cierre", "Fecha de resolución"),
        "comment": ("Comentario", "Comentarios", "Observaciones"),
        "contacts": ("Contactos", "Número de contactos", "Respuestas"),
        "csat": ("Satisfacción", "Satisfacción del cliente", "Valoración"),
        "currency": ("Moneda", "Divisa"),
        "customer": (
            "Cliente", "Id cliente", "Id de cliente", "Código de cliente", "Código cliente", "Nombre del cliente",
            "Nombre de cliente", "Número de cliente", "Empresa", "Cuenta",
        ),
        "date": ("Fecha", "Fecha de respuesta", "Fecha de factura"),
        "discount": ("Descuento",),
        "first_contact": ("resuelto en el primer contacto", "resolución en el primer contacto"),
        "end": (
            "Fin", "Fecha de fin", "Fecha fin", "Fecha de baja", "Fecha baja", "Baja", "Fin de contrato", "Hasta",
            "Cancelado el", "Fecha de cancelación", "Vencimiento",
        ),
        "feature": ("Función", "Funcionalidad", "Evento"),
        "interval_months": (
            "Periodicidad", "Frecuencia", "Frecuencia de facturación", "Ciclo de facturación", "Duración en meses",
        ),
        "licensed": ("Licencias", "Número de licencias", "Puestos"),
        "month": ("Mes", "Periodo", "Período", "Mes de facturación"),
        "mrr": (
            "Ingresos mensuales", "Ingreso mensual", "Importe mensual", "Cuota mensual", "Precio mensual",
            "Ingreso mensual recurrente",
        ),
        "nps": ("Puntuación NPS", "Recomendación"),
        "opened": ("Abierto el", "Creado el", "Fecha de creación", "Fecha de apertura"),
        "owner": ("Responsable", "Gestor de cuenta"),
        "plan": ("Producto", "Tarifa"),
        "purpose": ("Tipo de coste", "Tipo de gasto"),
        "region": ("Región", "País"),
        "resolved": ("Resuelto",),
        "segment": ("Segmento", "Segmento de cliente"),
        "start": (
            "Inicio", "Fecha de inicio", "Fecha inicio", "Fecha de alta", "Fecha alta", "Alta", "Inicio de contrato",
            "Cliente desde", "Desde",
        ),
        "subscription": ("Suscripción", "Contrato", "Número de contrato"),
        "ticket": ("Número de ticket", "Caso", "Incidencia"),
        "timestamp": ("Fecha y hora", "Hora", "Marca de tiempo"),
        "user": ("Usuario",),
    },
    months="enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    also_months={"setiembre": 9},
    totals=("suma", "promedio", "total general",),
    yes="si sí s verdadero",
    no="falso",
    done="resuelto cerrado solucionado completado terminado",
    undone="abierto nuevo pendiente enespera encurso enproceso reabierto",
    intervals={
        "día": 12 / 365, "semana": 12 / 52, "semanal": 12 / 52, "mes": 1, "mensual": 1, "meses": 1, "trimestre": 3,
        "trimestral": 3, "semestre": 6, "semestral": 6, "año": 12, "anual": 12, "años": 12,
    },
    nothing=("s/d", "sin datos", "sin respuesta", "ninguno", "ninguna",),
    still=(
        "en curso", "activo", "activa", "vigente", "indefinido", "indefinida", "actualidad", "hasta hoy", "sin fin",
        "abierto",
    ),
)  # fmt: skip
