"""Portuguese."""

from csmetrics_core.files.languages.language import Language

PORTUGUESE = Language(
    "Portuguese",
    headings={
        "amount": ("Valor", "Montante", "Preço", "Receita", "Faturamento", "Faturação"),
        "arr": ("Receita anual", "Receita recorrente anual", "Valor anual"),
        "ces": ("Esforço", "Facilidade"),
        "channel": ("Canal",),
        "closed": ("Fechado em", "Resolvido em", "Data de fechamento", "Data de fecho", "Data de resolução"),
        "comment": ("Comentário", "Comentários", "Observações"),
        "contacts": ("Contatos", "Contactos", "Número de contatos", "Respostas"),
        "csat": ("Satisfação", "Satisfação do cliente", "Avaliação"),
        "currency": ("Moeda",),
        "customer": (
            "Cliente", "ID cliente", "ID do cliente", "Código do cliente", "Nome do cliente", "Empresa", "Conta",
        ),
        "date": ("Data", "Data da resposta", "Data da fatura"),
        "discount": ("Desconto",),
        "end": (
            "Fim", "Data fim", "Data de fim", "Data final", "Fim do contrato", "Data de término", "Término",
            "Cancelado em", "Data de cancelamento", "Vencimento", "Até",
        ),
        "feature": ("Função", "Funcionalidade", "Evento"),
        "interval_months": (
            "Periodicidade", "Frequência", "Ciclo de cobrança", "Ciclo de faturamento", "Duração em meses",
        ),
        "licensed": ("Licenças", "Número de licenças", "Assentos"),
        "month": ("Mês", "Período", "Mês de faturamento", "Competência"),
        "mrr": ("Receita mensal", "Receita recorrente mensal", "Valor mensal", "Mensalidade"),
        "nps": ("Nota NPS", "Recomendação"),
        "opened": ("Aberto em", "Criado em", "Data de abertura", "Data de criação"),
        "owner": ("Responsável", "Gerente de conta"),
        "plan": ("Plano", "Produto"),
        "purpose": ("Tipo de custo",),
        "region": ("Região", "País"),
        "resolved": ("Resolvido",),
        "segment": ("Segmento", "Segmento do cliente"),
        "start": (
            "Início", "Data início", "Data de início", "Data inicial", "Início do contrato", "Cliente desde",
            "Data de adesão", "Desde",
        ),
        "subscription": ("Assinatura", "Contrato", "Número do contrato"),
        "ticket": ("Número do ticket", "Chamado", "Solicitação"),
        "timestamp": ("Data e hora", "Hora"),
        "user": ("Usuário", "Utilizador"),
    },
    months="janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    totals=("soma", "total geral", "média", "subtotal",),
    yes="sim s verdadeiro",
    no="não nao falso",
    done="resolvido fechado concluído finalizado",
    undone="aberto novo pendente emespera emandamento reaberto",
    intervals={
        "dia": 12 / 365, "semana": 12 / 52, "semanal": 12 / 52, "mês": 1, "mensal": 1, "meses": 1, "trimestre": 3,
        "trimestral": 3, "semestre": 6, "semestral": 6, "ano": 12, "anual": 12, "anos": 12,
    },
    nothing=("n/d", "não disponível", "sem resposta", "nenhum", "nenhuma",),
    still=(
        "em curso", "em andamento", "ativo", "ativa", "vigente", "indeterminado", "até hoje", "atual", "aberto",
    ),
)  # fmt: skip
