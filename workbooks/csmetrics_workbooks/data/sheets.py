"""The data sheets the templates share."""

from csmetrics_core.declaration.spec import COUNT, DATE, FRACTION, MINUTES, MOMENT, MONEY, PER_USER, POINTS, TEXT, Unit
from csmetrics_workbooks.kit.tables import Field, Sheet

FLAG = Unit("flag", "General", "{}")
WHOLE = Unit("score", "0", "{:.0f}")
ACCOUNT = Field("Account", TEXT, "who answered", ("customer",), width=14)
SEGMENT = Field("Segment", TEXT, "as on the page Lists", ("segment",), width=13)
RESPONSES = Sheet(
    "Responses",
    "One row a survey response. Leave a question that was not asked or answered blank: blank is not zero.",
    (
        Field("Date", DATE, "day of the answer", ("date",), required=True),
        ACCOUNT,
        SEGMENT,
        Field("ARR", MONEY, "what the account pays a year", ("arr",), low=0, high=1e12),
        Field("NPS", WHOLE, "0 to 10", ("nps",), low=0, high=10, width=8),
        Field("CSAT", WHOLE, "1 to 5", ("csat",), low=1, high=5, width=8),
        Field("CES", WHOLE, "1 to 7, 7 is easy", ("ces",), low=1, high=7, width=8),
        Field("Comment", TEXT, "in the customer's words", ("comment",), width=60),
        Field("Sentiment", POINTS, "-1 to 1, see Method", ("sentiment",), low=-1, high=1, width=10),
    ),
)
REVENUE = Sheet(
    "Revenue",
    "One row a customer, months across: monthly recurring revenue at the end of each month. Blank is not a customer. "
    "Type coming months into the blank columns on the right.",
    (
        Field("Customer", TEXT, "one row each", ("customer",), required=True, width=14),
        SEGMENT,
    ),
    months_across=True,
)
OPERATIONS = Sheet(
    "Operations",
    "One row a month and segment. What is known only for the whole company goes under the segment Company.",
    (
        Field("Month", DATE, "any day of the month", ("month",), required=True),
        SEGMENT,
        Field("Resolved", COUNT, "tickets resolved", ("resolved tickets",)),
        Field("First contact", COUNT, "of these, at first contact", ("first contact resolutions",)),
        Field("Licensed", COUNT, "seats at month end", ("licensed",)),
        Field("Seats used", COUNT, "by users of the month", ("seats used",)),
        Field("Active users", COUNT, "distinct in the month", ("mau", "monthly active users")),
        Field("Daily users", Unit("users", "0.0", "{:.1f}"), "mean of the days", ("dau", "mean dau")),
        Field("Opportunities", COUNT, "decided", ("opportunities",)),
        Field("Conversions", COUNT, "won", ("conversions",)),
        Field("Retention cost", MONEY, "spent on keeping customers", ("retention costs",)),
    ),
)
TICKETS = Sheet(
    "Tickets",
    "One row a support ticket. Flags are TRUE or FALSE; yes, no, 1 and 0 serve as well.",
    (
        Field("Opened", DATE, "day", ("opened",), required=True),
        ACCOUNT,
        SEGMENT,
        Field("Contacts", COUNT, "messages or calls it took", ("contacts",), required=True, low=0, high=1e4),
        Field("Resolved", FLAG, "solved in the end", ("resolved",)),
        Field("Reopened", FLAG, "came back", ("reopened",)),
        Field("Transferred", FLAG, "handed on", ("transferred",)),
        Field("Abandoned", FLAG, "customer gave up", ("abandoned",)),
    ),
)
CUSTOMERS = Sheet(
    "Customers",
    "One row a paid stretch: who came back has two rows. End is the first unpaid day; blank while active.",
    (
        Field("Customer", TEXT, "as on Revenue", ("customer",), required=True, width=14),
        SEGMENT,
        Field("Start", DATE, "first paid day", ("start",), required=True),
        Field("End", DATE, "first unpaid day", ("end",)),
    ),
)
RENEWALS = Sheet(
    "Renewals",
    "One row a contract due. Leave the expected ARR blank to take the share of its call from the page Forecast.",
    (
        Field("Account", TEXT, "who renews", ("customer",), required=True, width=14),
        Field("Owner", TEXT, "who looks after it", ("owner",)),
        SEGMENT,
        Field("ARR", MONEY, "now, a year", ("arr",), required=True, low=0, high=1e12),
        Field("Due", DATE, "end of the term", ("due", "renewal date"), required=True),
        Field("Health band", TEXT, "red, amber, green", ("health_band",)),
        Field("Call", TEXT, "renew, at risk, churn", ("call", "forecast category")),
        Field("Expected ARR", MONEY, "the owner's forecast", ("expected_arr",), low=0, high=1e12),
        Field("Reason", TEXT, "why at risk", ("reason",), width=26),
        Field("Next step", TEXT, "who does what", ("next_step",), width=34),
    ),
    ahead=True,
)
COSTS = Sheet(
    "Costs",
    "One row a month and cost line. Purpose decides where it counts: acquisition, retention, delivery; "
    "others are left out. Figures of one segment need every cost of their purpose to name its segment.",
    (
        Field("Month", DATE, "any day of the month", ("month",), required=True),
        Field("Category", TEXT, "your own name for it", ("category",), width=22),
        Field("Purpose", TEXT, "acquisition, retention, delivery", ("purpose",), required=True, width=16),
        Field("Segment", TEXT, "whose customers it is for; blank: all", ("segment",), width=13),
        Field("Amount", MONEY, "of the month", ("amount",), required=True, low=0, high=1e12),
    ),
)
EVENTS = Sheet(
    "Events",
    "One row a use of the product. Days are taken in UTC, or as your export gives them.",
    (
        Field("Date", MOMENT, "day, with or without time", ("timestamp",), required=True, width=18),
        Field("User", TEXT, "who did it", ("user",), required=True, width=14),
        Field("Account", TEXT, "whose user", ("customer",), width=14),
        SEGMENT,
        Field("Feature", TEXT, "what was used", ("feature",), width=16),
    ),
)
LICENCES = Sheet(
    "Licences",
    "One row an account: what it bought.",
    (
        Field("Account", TEXT, "one row each", ("customer",), required=True, width=14),
        SEGMENT,
        Field("Licensed", COUNT, "seats bought", ("licensed",), required=True, low=0, high=1e9),
        Field("Assigned", COUNT, "seats given to a person", ("assigned",), low=0, high=1e9),
    ),
)
_INPUTS = (
    Field("Frequency", PER_USER, "active days a user, 30 days", ("frequency",), low=0, high=31),
    Field("Breadth", FRACTION, "active ÷ licensed users", ("breadth",), low=0, high=10),
    Field("Depth", FRACTION, "key features used ÷ all", ("depth",), low=0, high=1),
    Field("Growth", FRACTION, "users on the 30 days before", ("growth",), low=-1, high=100),
)
ACCOUNTS = Sheet(
    "Accounts",
    "One row an account, with the four inputs of its health now: USAGE_BY_ACCOUNT computes them from events.",
    (
        Field("Account", TEXT, "one row each", ("customer",), required=True, width=14),
        SEGMENT,
        Field("Owner", TEXT, "who looks after it", ("owner",)),
        Field("ARR", MONEY, "a year", ("arr",), low=0, high=1e12),
        *_INPUTS,
    ),
)
PAST = Sheet(
    "Past",
    "The same inputs as they were earlier, and who has left since: the back-test.",
    (
        Field("Account", TEXT, "one row each", ("customer",), required=True, width=14),
        *_INPUTS,
        Field("Left", FLAG, "TRUE if it left since", ("left", "churned"), required=True),
    ),
)
INVITED = Sheet(
    "Invited",
    "How many people were asked, one row a month and segment: for the response rate.",
    (
        Field("Month", DATE, "any day of the month", ("month",), required=True),
        SEGMENT,
        Field("Invited", COUNT, "surveys sent", ("invited",), low=0, high=1e9),
    ),
)
SESSIONS = Sheet(
    "Sessions",
    "One row a session: what your product analytics tool exports, or the sessions computed from your events.",
    (
        Field("Date", DATE, "day it began", ("start", "date", "session start"), required=True),
        ACCOUNT,
        SEGMENT,
        Field("Minutes", MINUTES, "length; 0 counts", ("duration", "minutes"), required=True, low=0, high=1e6),
    ),
    called="Session_rows",
)
