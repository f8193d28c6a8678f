"""English: the words every column, answer and total is looked for in first."""

from csmetrics_core.files.languages.language import Language

_HEADINGS = {
    "abandoned": ("gave up", "is abandoned", "was abandoned"),
    "amount": (
        "price", "value", "cost", "spend", "revenue", "charge", "fee", "net amount", "amount due", "billed amount",
        "contract value", "tcv", "total contract value", "contract amount", "subscription amount", "plan amount",
        "list price",
    ),
    "arr": ("annual recurring revenue", "arr amount", "annual revenue", "annual amount", "annual price",
            "yearly revenue", "price per year", "annual contract value", "acv"),
    "assigned": ("assigned seats", "seats assigned", "used seats", "seats used"),
    "category": ("cost category",),
    "ces": (
        "ces score", "ces rating", "effort", "effort score", "effort rating", "customer effort",
        "customer effort score", "ease", "ease score",
    ),
    "channel": ("via", "source channel"),
    "closed": (
        "closed date", "closed at", "closed on", "date closed", "resolved at", "resolved on", "resolved date",
        "date resolved", "resolution date", "solved at", "solved on", "solved date", "date solved", "close date",
    ),
    "comment": (
        "comments", "feedback", "verbatim", "open text", "reason for score", "why", "remarks", "remark", "free text",
        "response text", "survey comment", "customer comment", "reason for your score",
    ),
    "contacts": (
        "contact count", "number of contacts", "touches", "replies", "agent replies", "number of replies",
        "reply count", "interactions", "agent interactions", "public replies", "number of interactions",
        "number of touches", "of touches", "of replies", "of contacts", "of interactions",
    ),
    "conversions": ("converted", "won", "deals won", "closed won", "new customers", "paid customers",
                    "new paying customers", "purchases", "customers won"),
    "csat": (
        "csat score", "csat rating", "satisfaction", "satisfaction score", "rating", "satisfaction rating",
        "overall satisfaction", "conversation rating", "customer satisfaction", "customer satisfaction score", "stars",
    ),
    "currency": ("currency code", "ccy"),
    "customer": (
        "customer id", "customer number", "customer no", "customer code", "cust id", "account", "account id",
        "account number", "account name", "customer name", "company", "company id", "company name", "client",
        "client id", "client name", "organisation", "organization", "subscriber", "subscriber id", "tenant",
        "tenant id", "workspace", "workspace id", "logo", "member", "member id", "member number", "membership number",
    ),
    "date": (
        "responded at", "responded on", "response date", "answered at", "answered on", "submitted at",
        "submitted on", "submission date", "survey date", "completed at", "completion date", "end date", "created at",
        "created on", "created date", "date created", "day", "when", "received", "recorded date", "invoice date",
        "order date", "payment date", "date submitted", "nps date", "survey taken on",
        "submitted", "submit date", "response time", "completed", "completed on",
    ),
    "first_contact": (
        "first contact resolved", "first contact resolution", "first contact solved", "resolved on first contact",
        "resolved at first contact", "solved on first contact", "solved at first contact", "one touch", "fcr",
    ),
    "discount": ("rebate", "discount amount"),
    "end": (
        "period end", "period to", "end of period", "service period end", "billing period end", "invoice period end",
        "service to", "end date", "ended", "ended on", "ended at", "ends", "ends on", "churned on", "churn date",
        "churned at", "churned", "cancelled at", "canceled at", "cancelled on", "canceled on", "cancelled", "canceled",
        "cancel date", "cancellation date", "date cancelled", "date canceled", "closed on", "closed at",
        "closed date", "close date",
        "closed", "terminated", "terminated on", "termination date", "left on", "left", "leave date",
        "contract end", "contract end date", "subscription end", "subscription end date", "inactive since",
        "inactive from", "end of contract", "end of service", "service end", "lost on", "lost date", "expired",
        "expired on", "expires", "expires on", "expiry date", "expiration date", "to", "until", "valid to",
        "deactivated at", "deactivated on", "terminated at", "expires at", "expired at",
        "valid until", "last day", "off date", "deactivated on", "deactivated at", "stopped on", "churn month",
        "end month", "cancel month", "cancellation", "cancellation month",
    ),
    "due": (
        "renewal date", "renewal", "renewal due", "renewal due date", "next renewal", "next renewal date", "renews on",
        "renews at", "renews", "due date", "contract renewal", "contract renewal date", "up for renewal",
    ),
    "feature": ("feature name", "event", "event name", "event type", "action", "feature used", "module"),
    "interval_months": (
        "interval", "billing interval", "billing months", "months", "term months", "billing", "billing cycle",
        "billing frequency", "billed", "frequency", "payment frequency", "interval in months", "billing term",
        "charged", "payment interval", "billing schedule", "term",
    ),
    "key": ("key feature", "is key"),
    "kind": ("type", "contract type", "line type", "charge type"),
    "licensed": (
        "licences", "licenses", "licensed users", "seats", "seats bought", "licensed seats", "seat count",
        "number of seats", "licence count", "license count", "seats purchased", "purchased seats", "contracted seats",
        "licences purchased", "licenses purchased", "purchased licences", "purchased licenses", "paid seats",
    ),
    "month": (
        "period", "billing month", "as of", "month start", "month end", "invoice month", "mrr month", "year month",
        "reporting month", "reporting period", "snapshot", "snapshot date", "snapshot month", "calendar month",
        "revenue month", "billing period",
    ),
    "mrr": (
        "monthly recurring revenue", "mrr amount", "monthly revenue", "recurring revenue", "monthly fee",
        "monthly price", "monthly amount", "price per month", "monthly subscription", "current mrr", "net mrr",
        "mrr value", "monthly value",
    ),
    "name": ("customer name", "account name", "company name", "client name"),
    "nps": (
        "nps score", "nps rating", "nps response", "nps answer", "net promoter score", "score",
        "likelihood to recommend", "recommend", "recommendation", "recommendation score", "would recommend", "ltr",
        "how likely are you to recommend us",
    ),
    "opened": (
        "opened at", "opened on", "created", "created at", "created on", "created date", "date created",
        "creation date", "open date", "opened date", "date opened", "ticket created", "received", "submitted at",
        "reported", "reported on", "date", "when",
    ),
    "opportunities": ("opps", "leads", "visitors", "signups", "sign ups", "registrations", "trials", "trials started",
                      "trial signups", "free trials"),
    "owner": ("account owner", "csm", "account manager", "customer success manager"),
    "plan": ("plan name", "subscription plan", "product", "product name", "package", "pricing plan", "plan type"),
    "purpose": ("cost type", "cost purpose", "expense type", "used for"),
    "region": ("country", "territory", "market", "geo", "area"),
    "reopened": ("was reopened", "is reopened", "reopens"),
    "resolved": ("is resolved", "solved", "was resolved", "is solved", "is closed"),
    "response": (
        "response id", "answer id", "submission id", "survey response id", "id",
        "record id", "response #", "entry id", "token",
    ),
    "segment": (
        "customer segment", "account segment", "tier", "customer tier", "account tier", "size", "company size",
        "customer type", "cohort segment",
    ),
    "start": (
        "period start", "period from", "start of period", "service period start", "billing period start",
        "invoice period start", "service start", "service from", "start date", "started", "started on", "starts",
        "starts on", "customer since", "member since", "began",
        "begin", "begin date", "signed up", "sign up date", "signup date", "joined", "joined on", "join date",
        "date joined", "date started", "contract start", "contract start date", "subscription start",
        "subscription start date", "activated", "activated on", "activation date", "onboarded on", "first paid",
        "first payment", "effective date", "commencement date", "from", "valid from", "since", "first day",
        "signed on", "created on", "created date", "created at", "opened on", "registered on",
        "registration date", "started at", "subscribed at", "subscribed on", "activated at", "joined at",
        "signup", "sign up", "start month", "go live", "go live date", "live since", "onboarding date",
        "signed up at", "signed up on", "registered at", "original contract date", "contract date",
        "original start date", "first contract date", "subscription started",
    ),
    "status": ("state", "ticket status", "case status"),
    "subscription": ("subscription id", "contract", "contract id", "contract number", "agreement"),
    "ticket": (
        "ticket id", "ticket number", "ticket no", "ticket #", "case", "case id", "case number", "issue", "issue id",
        "issue key", "incident", "incident id", "conversation id", "request id",
    ),
    "timestamp": (
        "time", "occurred at", "occurred on", "event time", "event timestamp", "event date", "date time", "logged at",
        "login date", "login time", "activity date", "ts", "when", "date", "day", "created at", "created on",
        "created date",
    ),
    "transferred": ("escalated", "was transferred", "is escalated", "was escalated"),
    "user": (
        "user id", "distinct id", "anonymous id", "actor", "person", "person id", "member", "member id", "login",
        "visitor id", "employee"),
}  # fmt: skip

ENGLISH = Language(
    "English",
    headings=_HEADINGS,
    months="january february march april may june july august september october november december",
    also_months={"sept": 9},
    totals=(
        "totals?", "sum", "all customers", "all accounts", "average", r"avg\.?", "mean", "median", "count", "minimum",
        "maximum", "min", "max",
    ),
    yes="true yes y t on checked",
    no="false no n f off unchecked",
    done="solved resolved closed done completed complete fixed answered finished",
    undone="open new pending onhold hold waiting inprogress active assigned unresolved unsolved reopened todo backlog "
    "waitingoncustomer waitingforcustomer waitingonus waitingforus waitingonthirdparty escalated",
    nothing=(
        "n/a", "na", "n.a.", "n.a", "n/d", "#n/a", "none", "null", "nil", "nan", "<na>", "nat", "(null)", "(none)",
        "(blank)", "(empty)", "not available", "not applicable", "no answer", "no data", "no response", "no comment",
    ),
    still=(
        "present", "ongoing", "current", "currently", "open", "open ended", "open-ended", "active", "still active",
        "still a customer", "never", "till date", "to date", "until now", "indefinite",
        "indefinitely", "unlimited", "perpetual", "evergreen", "no end", "no end date", "continuing", "auto-renew",
        "auto renew", "auto-renewal", "rolling", "month to month", "month-to-month",
    ),
)  # fmt: skip
