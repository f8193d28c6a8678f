# ruff: noqa: E501 (a file stands on a line)
"""Small files as tools and people write them, each with the figures it must give by arithmetic of its own."""

from datetime import date as D
from datetime import datetime as T

from files_people_have import Case, xl

CASES: list[Case] = []


def case(name, files, right, **more):
    content = {file: text.encode() if isinstance(text, str) else text for file, text in files.items()}
    CASES.append(Case(name, content, right, **more))


case(
    "zendesk csat good bad",
    {
        "tickets.csv": "Ticket ID,Created at,Status,Satisfaction Score,Group\n1,2025-03-01,Closed,Good,EU\n2,2025-03-31,Solved,Bad,EU\n3,2025-03-31,Open,Offered,EU\n4,2025-03-31,Closed,Good,EU\n"
    },
    {"csat": 200 / 3},
    n={"csat": 3},
)
case(
    "intercom conversations",
    {
        "conversations.csv": "Conversation ID,Conversation started at (America/New_York),Conversation rating,Conversation remark,Teammate replies,State\n101,2025-03-01 10:00:00,5,Great help,1,closed\n102,2025-03-31 11:00:00,2,Too slow,3,closed\n103,2025-03-31 11:30:00,,,2,open\n"
    },
    {"csat": 50},
    n={"csat": 2},
)
case(
    "delighted dashboard",
    {
        "delighted.csv": "Response ID,Survey type,Score,Comment,Permalink,Created at,Updated at,Email,Name\n1,NPS,10,Love it,https://x,2025-03-01 10:00:00 UTC,2025-03-01 10:00:00 UTC,a@x.com,A\n2,NPS,3,Slow,https://x,2025-03-31 10:00:00 UTC,2025-03-31,b@x.com,B\n3,NPS,9,,https://x,2025-03-31 12:00:00 UTC,2025-03-31,c@x.com,C\n"
    },
    {"nps": 100 / 3},
)
case(
    "typeform",
    {
        "responses.csv": "#,How likely are you to recommend us to a friend or colleague?,What is the main reason for your score?,Response Type,Start Date (UTC),Stage Date (UTC),Submit Date (UTC),Network ID,Tags\nabc,10,It is great,completed,2025-03-01 10:00:00,,2025-03-01 10:01:00,x1,\ndef,6,Meh,completed,2025-03-31 10:00:00,,2025-03-31 10:01:00,x2,\n"
    },
    {"nps": 0},
)
case(
    "surveymonkey condensed",
    {
        "Sheet_1.csv": "Respondent ID,Collector ID,Start Date,End Date,IP Address,Email Address,First Name,Last Name,Custom Data 1,How likely is it that you would recommend this company to a friend or colleague?,Overall how satisfied are you?\n,,,,,,,,,,Response\n1,9,03/30/2025 10:00:00 AM,03/30/2025 10:02:00 AM,1.1.1.1,,,,,10 - Extremely likely,Very satisfied\n2,9,03/31/2025 10:00:00 AM,03/31/2025 10:02:00 AM,1.1.1.1,,,,,5,Dissatisfied\n3,9,03/31/2025 11:00:00 AM,03/31/2025 11:02:00 AM,1.1.1.1,,,,,9,Satisfied\n"
    },
    {"nps": 100 / 3, "csat": 200 / 3},
)
case(
    "qualtrics group",
    {
        "q.csv": 'StartDate,EndDate,Status,Progress,Finished,RecordedDate,ResponseId,Q1_NPS_GROUP,Q1,Q2\nStart Date,End Date,Response Type,Progress,Finished,Recorded Date,Response ID,On a scale from 0-10 how likely are you to recommend us? - Group,On a scale from 0-10 how likely are you to recommend us?,Why?\n"{""ImportId"":""startDate""}","{""ImportId"":""endDate""}","{""ImportId"":""status""}","{""ImportId"":""progress""}","{""ImportId"":""finished""}","{""ImportId"":""recordedDate""}","{""ImportId"":""_recordId""}","{""ImportId"":""QID1_NPS_GROUP""}","{""ImportId"":""QID1""}","{""ImportId"":""QID2_TEXT""}"\n2025-03-30 10:00:00,2025-03-30 10:05:00,IP Address,100,True,2025-03-30 10:05:00,R_1,Promoter,10,Great product indeed\n2025-03-31 10:00:00,2025-03-31 10:05:00,IP Address,100,True,2025-03-31 10:05:00,R_2,Detractor,2,It was bad for us\n2025-03-31 10:00:00,2025-03-31 10:05:00,IP Address,100,True,2025-03-31 10:05:00,R_3,Promoter,9,Good but slow\n'
    },
    {"nps": 100 / 3},
)
case(
    "google forms de",
    {
        "Antworten.csv": 'Zeitstempel,"Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?",Wie zufrieden sind Sie insgesamt?,Was können wir besser machen?\n30.03.2025 10:00:00,10,Sehr zufrieden,Mehr Tempo bitte und so\n31.03.2025 11:00:00,7,Zufrieden,Nichts\n31.03.2025 12:00:00,3,Unzufrieden,Service am Telefon bitte\n'
    },
    {"nps": 0, "csat": 200 / 3},
)
case(
    "google forms fr",
    {
        "Reponses.csv": 'Horodateur,"Sur une échelle de 0 à 10, recommanderiez-vous notre service ?",Êtes-vous satisfait(e) de notre support ?\n30/03/2025 10:00:00,10,Très satisfait(e)\n31/03/2025 10:00:00,9,Insatisfait(e)\n'
    },
    {"nps": 100, "csat": 50},
)
case(
    "google forms es",
    {
        "Respuestas.csv": "Marca temporal,¿Qué tan probable es que nos recomiendes?,¿Qué tan satisfecho estás?\n30/03/2025 10:00:00,10,Muy satisfecho\n31/03/2025 10:00:00,2,Satisfecho\n"
    },
    {"nps": 0, "csat": 100},
)
case(
    "google forms pt",
    {
        "Respostas.csv": 'Carimbo de data/hora,"De 0 a 10, o quanto você recomendaria a nossa empresa?",Foi fácil resolver o seu problema? (1-7)\n30/03/2025 10:00:00,10,7\n31/03/2025 10:00:00,8,2\n'
    },
    {"nps": 50, "ces": 50},
)
case(
    "google forms it",
    {
        "Risposte.csv": 'Informazioni cronologiche,"Quanto è probabile che ci consiglieresti?",Quanto sei soddisfatto del servizio?\n30/03/2025 10.00.00,10,5\n31/03/2025 10.00.00,9,2\n'
    },
    {"nps": 100, "csat": 50},
)
case(
    "google forms nl",
    {
        "antw.csv": "Tijdstempel,Hoe waarschijnlijk is het dat u ons aanbeveelt?,Hoe tevreden bent u? (1-5)\n30-3-2025 10:00:00,10,4\n31-3-2025 10:00:00,5,3\n"
    },
    {"nps": 0, "csat": 50},
)
case(
    "google forms sv",
    {
        "svar.csv": "Tidstämpel,Hur troligt är det att du skulle rekommendera oss?\n2025-03-30 10.00.00,10\n2025-03-31 10.00.00,9\n2025-03-31 11.00.00,4\n"
    },
    {"nps": 100 / 3},
)
case(
    "google forms pl",
    {
        "odp.csv": "Sygnatura czasowa,Na ile prawdopodobne jest że polecisz nas znajomym?\n2025/03/30 10:00:00 AM EET,10\n2025/03/31 10:00:00 AM EET,0\n"
    },
    {"nps": 0},
)
case(
    "ms forms",
    {
        "Survey.xlsx": xl(
            {
                "Form1": [
                    [
                        "ID",
                        "Start time",
                        "Completion time",
                        "Email",
                        "Name",
                        "How likely are you to recommend us?",
                        "How satisfied are you with support?",
                    ],
                    [1, T(2025, 3, 30, 10), T(2025, 3, 30, 10, 5), "anonymous", None, 10, "Very satisfied"],
                    [
                        2,
                        T(2025, 3, 31, 10),
                        T(2025, 3, 31, 10, 5),
                        "anonymous",
                        None,
                        8,
                        "Neither satisfied nor dissatisfied",
                    ],
                ]
            }
        )
    },
    {"nps": 50, "csat": 50},
)
case(
    "wide survey two rec questions",
    {
        "s.csv": "Date,How likely are you to recommend our product?,How likely are you to recommend our support?\n2025-03-30,10,2\n2025-03-31,9,3\n"
    },
    {"nps": 100},
    ask=True,
)
case(
    "emoji feedback col",
    {"feedback.csv": "Date,Page,Feedback\n2025-03-30,/a,👍\n2025-03-31,/b,👎\n2025-03-31,/c,👍\n2025-03-31,/c,👍\n"},
    {"csat": 75, "sentiment": None},
)
case(
    "helpful yes/no", {"kb.csv": "Date,Article,Was this helpful?\n2025-03-30,a,Yes\n2025-03-31,b,No\n"}, {"csat": None}
)
case(
    "survey with blank and prefer not",
    {
        "s.csv": "Date,CSAT (1-5)\n2025-03-30,5\n2025-03-31,Prefer not to say\n2025-03-31,4\n2025-03-31,2\n2025-03-31,N/A\n"
    },
    {"csat": 200 / 3},
    n={"csat": 3},
)
case(
    "nps promoters words",
    {
        "nps.csv": "Date,NPS category\n2025-03-30,Promoter\n2025-03-31,Passive\n2025-03-31,Detractor\n2025-03-31,Promoter\n"
    },
    {"nps": 25},
    ask=True,
)
case("percent csat", {"s.csv": "Date,CSAT\n2025-03-30,80%\n2025-03-31,100%\n"}, {"csat": None})
case("score out of five text", {"s.csv": "Date,Rating\n2025-03-30,4/5\n2025-03-31,2/5\n"}, {"csat": 50})
case("csat 1-10 no heading scale", {"s.csv": "Date,CSAT\n2025-03-30,9\n2025-03-31,10\n2025-03-31,3\n"}, {"csat": None})
case(
    "ces agree 7",
    {"s.csv": "Date,CES: The company made it easy to handle my issue\n2025-03-30,7\n2025-03-31,5\n2025-03-31,2\n"},
    {"ces": 200 / 3},
)
case(
    "mixpanel events",
    {
        "events.csv": "Event Name,Time,Distinct ID,City\nLogin,2025-03-30T10:00:00,u1,X\nReport,2025-03-30T10:10:00,u1,X\nLogin,2025-03-31T09:00:00,u2,Y\nReport,2025-03-31T09:20:00,u2,Y\n"
    },
    {"avg_session_duration": 15},
)
case(
    "amplitude",
    {
        "amp.csv": "event_time,event_type,user_id,session_id\n2025-03-30 10:00:00.000,open,u1,1\n2025-03-30 10:10:00.000,click,u1,1\n2025-03-31 10:00:00.000,open,u2,2\n2025-03-31 10:30:00.000,click,u2,2\n"
    },
    {"avg_session_duration": 20},
)
case(
    "sessions unitless",
    {"s.csv": "User,Login,Duration\nu1,2025-03-30 10:00,600\nu2,2025-03-31 10:00,900\n"},
    {"avg_session_duration": None},
)
case(
    "stripe subs",
    {
        "subscriptions.csv": "id,Customer ID,Customer Description,Customer Email,Plan,Quantity,Currency,Interval,Amount,Status,Created (UTC),Start (UTC),Current Period Start (UTC),Current Period End (UTC),Trial Start (UTC),Trial End (UTC),Application Fee Percent,Coupon,Canceled At (UTC),Ended At (UTC)\nsub_1,cus_1,,a@x,pro,1,usd,month,100.00,active,2025-01-01 00:00,2025-01-01 00:00,2025-03-01 00:00,2025-04-01 00:00,,,,,,\nsub_2,cus_2,,b@x,pro,1,usd,month,50.00,canceled,2025-01-01 00:00,2025-01-01 00:00,2025-02-01 00:00,2025-03-01 00:00,,,,,2025-03-10 00:00,2025-03-10 00:00\nsub_3,cus_3,,c@x,pro,1,usd,year,1200.00,active,2025-02-01 00:00,2025-02-01 00:00,2025-02-01 00:00,2026-02-01 00:00,,,,,,\n"
    },
    {"mrr": 200, "churn_rate": 1 / 3},
    month="2025-03",
    said={"as_of": D(2025, 4, 1)},
)
case(
    "salesforce opps",
    {
        "opps.csv": "Opportunity ID,Account ID,Account Name,Stage,Close Date,Won,Amount,Contract Start Date,Contract End Date\n1,001,A,Closed Won,2025-01-10,1,1200,2025-01-15,2026-01-14\n2,002,B,Closed Lost,2025-01-10,0,2400,,\n"
    },
    {"mrr": 100},
    said={"as_of": D(2025, 4, 1)},
    ask=True,
)
case(
    "hubspot deals",
    {
        "deals.csv": "Record ID,Deal Name,Deal Stage,Close Date,Amount,Annual recurring revenue,Associated Company\n1,A new,Closed won,2025-01-10,1200,1200,A\n2,B new,Closed lost,2025-01-10,600,600,B\n"
    },
    {"mrr": 100},
    said={"as_of": D(2025, 4, 1)},
    ask=True,
)
case(
    "chargebee",
    {
        "subs.csv": "Subscription ID,Customer ID,Status,Plan,MRR,Activated On,Cancelled On,Trial End\n1,c1,Active,pro,100,01-Jan-2025,,\n2,c2,Cancelled,pro,0,01-Jan-2025,10-Mar-2025,\n3,c3,Active,pro,50,05-Feb-2025,,\n"
    },
    {"mrr": 150},
    said={"as_of": D(2025, 4, 1)},
    ask=True,
)
case(
    "recurly",
    {
        "subscriptions.csv": "account_code,plan_code,state,unit_amount,quantity,currency,activated_at,canceled_at,expires_at,interval_unit,interval_length\na1,pro,active,100,1,USD,2025-01-01T00:00:00Z,,,months,1\na2,pro,expired,100,1,USD,2025-01-01T00:00:00Z,2025-03-01T00:00:00Z,2025-03-10T00:00:00Z,months,1\n"
    },
    {"mrr": 100, "churn_rate": 0.5},
    said={"as_of": D(2025, 4, 1)},
    ask=True,
)
case(
    "quickbooks sales by customer",
    {
        "sales.xlsx": xl(
            {
                "Sales by Customer": [
                    ["Sales report"],
                    ["Sales by Customer Summary"],
                    ["January - March 2025"],
                    [None],
                    [None, "Jan 2025", "Feb 2025", "Mar 2025", "Total"],
                    ["A", 100, 100, 100, 300],
                    ["B", 50, 50, 0, 100],
                    ["TOTAL", 150, 150, 100, 400],
                ]
            }
        )
    },
    {"mrr": 100, "churn_rate": 0.5},
    ask=True,
)
case(
    "xero invoices",
    {
        "invoices.csv": "ContactName,InvoiceNumber,InvoiceDate,DueDate,Total,Currency\nA,INV-1,01/01/2025,31/01/2025,100,GBP\nA,INV-2,01/02/2025,28/02/2025,100,GBP\nB,INV-3,15/02/2025,15/03/2025,50,GBP\n"
    },
    {"churn_rate": None},
)
case(
    "shopify orders",
    {
        "orders_export.csv": "Name,Email,Financial Status,Paid at,Currency,Subtotal,Total,Created at,Lineitem quantity,Lineitem name\n#1001,a@x,paid,2025-03-01 10:00:00 +0100,EUR,10,12,2025-03-01 10:00:00 +0100,1,Mug\n#1002,b@x,paid,2025-03-31 10:00:00 +0200,EUR,10,12,2025-03-31 10:00:00 +0200,1,Mug\n"
    },
    {"mrr": None, "churn_rate": None},
)
case(
    "freshdesk",
    {
        "tickets.csv": "Ticket ID,Subject,Status,Priority,Source,Type,Agent,Group,Created time,Due by Time,Resolved time,Closed time,Last update time,Initial response time,Time tracked,First response time (in hrs),Resolution time (in hrs),Agent interactions,Customer interactions,Resolution status,First response status,Tags,Survey results,Company Name\n1,x,Closed,Low,Email,,A,G,2025-03-01 10:00:00,,2025-03-01 11:00:00,2025-03-01 11:00:00,,,,0:10:00,1:00:00,1,1,,,,,North\n2,y,Closed,Low,Email,,A,G,2025-03-31 10:00:00,,2025-03-31 11:00:00,2025-03-31 11:00:00,,,,0:10:00,1:00:00,3,2,,,,,Beta\n"
    },
    {"fcr": 0.5},
)
case(
    "gainsight",
    {
        "cs.csv": 'Company Name,CSM,ARR,Original Contract Date,Churn Date,NPS® Score\nA,x,"$12,000",01/15/2024,,9\nB,x,"$6,000",02/20/2024,03/10/2025,3\n'
    },
    {"mrr": 1000, "churn_rate": 0.5},
    said={"as_of": D(2025, 4, 1)},
    ask=True,
)
case(
    "churnzero",
    {
        "accounts.csv": "Account External ID,Account Name,Start Date,Churn Date,Current MRR,Is Active\n1,A,2024-01-01,,100,True\n2,B,2024-01-01,2025-03-10,0,False\n"
    },
    {"churn_rate": 0.5},
    said={"as_of": D(2025, 4, 1)},
    ask=True,
)
case(
    "seats x price",
    {"c.csv": "Customer,Seats,Price per seat,Start,End\nA,10,5,2024-01-01,\nB,4,10,2024-01-01,2025-03-10\n"},
    {"mrr": 50, "churn_rate": 0.5},
    said={"as_of": D(2025, 4, 1)},
    ask=True,
)
case(
    "users x price/user/mo monthly",
    {"m.csv": "Customer,Month,Users,Price per user\nA,2025-02,10,5\nB,2025-02,4,10\nA,2025-03,12,5\n"},
    {"mrr": 60, "churn_rate": 0.5},
    ask=True,
)
case(
    "names filled down csv",
    {"m.csv": "Customer,Month,MRR\nA,2025-02,100\n,2025-03,110\nB,2025-02,50\n,2025-03,50\n"},
    {"mrr": 160, "churn_rate": 0},
    ask=True,
)
case(
    "names filled down xlsx",
    {
        "m.xlsx": xl(
            {
                "MRR": [
                    ["Customer", "Month", "MRR"],
                    ["A", D(2025, 2, 1), 100],
                    [None, D(2025, 3, 1), 110],
                    ["B", D(2025, 2, 1), 50],
                    [None, D(2025, 3, 1), 50],
                ]
            }
        )
    },
    {"mrr": 160, "churn_rate": 0},
    ask=True,
)
case(
    "still active markers",
    {"c.csv": "Customer,Start,End,MRR\nA,2024-01-01,-,100\nB,2024-01-01,10/03/2025,50\nC,2024-01-01,active,25\n"},
    {"mrr": 125},
    said={"as_of": D(2025, 4, 1)},
    ask=True,
)
case(
    "end 9999",
    {
        "c.csv": "Customer,Start,End,MRR\nA,2024-01-01,9999-12-31,100\nB,2024-01-01,2025-03-10,50\nC,2024-01-01,9999-12-31,30\n"
    },
    {"mrr": 130, "churn_rate": 1 / 3},
    said={"as_of": D(2025, 4, 1)},
)
case(
    "end 2099",
    {
        "c.csv": "Customer,Start,End,MRR\nA,2024-01-01,2099-12-31,100\nB,2024-01-01,2025-03-10,50\nC,2024-01-01,2099-12-31,30\n"
    },
    {"mrr": 130, "churn_rate": 1 / 3},
    said={"as_of": D(2025, 4, 1)},
)
case(
    "end 2099 no asof",
    {
        "c.csv": "Customer,Start,End,MRR\nA,2024-01-01,2099-12-31,100\nB,2024-01-01,2025-03-31,50\nC,2024-01-01,2099-12-31,30\n"
    },
    {"mrr": 130, "churn_rate": 1 / 3},
    said={"ends": "first-unpaid"},
)
case(
    "end 31/12/9999",
    {
        "c.csv": "Customer,Start,End,MRR\nA,13/01/2024,31/12/9999,100\nB,15/01/2024,10/03/2025,50\nC,15/01/2024,31/12/9999,50\n"
    },
    {"mrr": 150, "churn_rate": 1 / 3},
    said={"as_of": D(2025, 4, 1)},
)
case(
    "end n.n. de",
    {
        "c.csv": "Kunde;Vertragsbeginn;Vertragsende;Monatsbetrag\nA;15.01.2024;unbefristet;1.000,50\nB;20.01.2024;10.03.2025;50,00\n"
    },
    {"mrr": 1000.5, "churn_rate": 0.5},
    said={"as_of": D(2025, 4, 1)},
)
case(
    "end laufend de",
    {"c.csv": "Kunde;Beginn;Ende;MRR\nA;15.01.2024;laufend;100\nB;20.01.2024;10.03.2025;50\n"},
    {"mrr": 100, "churn_rate": 0.5},
    said={"as_of": D(2025, 4, 1)},
)
case(
    "end en cours fr",
    {"c.csv": "Client;Date de début;Date de fin;MRR\nA;15/01/2024;en cours;100\nB;20/01/2024;10/03/2025;50\n"},
    {"mrr": 100, "churn_rate": 0.5},
    said={"as_of": D(2025, 4, 1)},
)
case(
    "end till date",
    {"c.csv": "Customer,Start,End,MRR\nA,2024-01-01,till date,100\nB,2024-01-01,2025-03-10,50\n"},
    {"mrr": 100},
    said={"as_of": D(2025, 4, 1)},
    ask=True,
)
case(
    "status col active + end",
    {"c.csv": "Customer,Start,Status,Cancel date,MRR\nA,2024-01-01,Active,,100\nB,2024-01-01,Churned,2025-03-10,50\n"},
    {"mrr": 100, "churn_rate": 0.5},
    said={"as_of": D(2025, 4, 1)},
)
case("mixed currencies", {"m.csv": "Customer,Month,MRR\nA,2025-03,$100\nB,2025-03,€50\n"}, {"mrr": None})
case(
    "currency column dollars default",
    {"m.csv": "Customer,Month,MRR,Currency\nA,2025-03,100,USD\nB,2025-03,50,EUR\n"},
    {"mrr": None},
)
case(
    "mixed marked and unmarked",
    {"m.csv": "Customer,Month,MRR\nA,2025-03,100\nB,2025-03,€50\nC,2025-03,70\n"},
    {"mrr": 220},
    ask=True,
)
case("NA region", {"m.csv": "Customer,Region,Month,MRR\nA,NA,2025-03,100\nB,EMEA,2025-03,50\n"}, {"mrr": 150})
case("quarters across", {"m.csv": "Customer,Q1 2025,Q2 2025\nA,300,300\nB,150,\n"}, {"mrr": None})
case(
    "years across months",
    {
        "m.xlsx": xl(
            {
                "Rev": [
                    [None, 2024, None, 2025, None],
                    ["Customer", "Nov", "Dec", "Jan", "Feb"],
                    ["A", 10, 10, 10, 10],
                    ["B", 5, 5, 5, None],
                ]
            }
        )
    },
    {"mrr": 10, "churn_rate": 0.5},
)
case(
    "sheet a month mrr",
    {
        "mrr.xlsx": xl(
            {"Jan 2025": [["Customer", "MRR"], ["A", 100], ["B", 50]], "Feb 2025": [["Customer", "MRR"], ["A", 100]]}
        )
    },
    {"mrr": 100, "churn_rate": 0.5},
)
case(
    "region a file months across",
    {"emea.csv": "Customer,Jan-25,Feb-25\nA,100,100\nB,50,50\n", "apac.csv": "Customer,Jan-25,Feb-25\nC,10,\n"},
    {"mrr": 150, "churn_rate": 1 / 3},
)
case(
    "ids zeros xlsx text",
    {
        "c.xlsx": xl(
            {
                "Customers": [
                    ["Customer No", "Start", "End"],
                    ["007", D(2024, 1, 1), None],
                    ["7", D(2024, 1, 1), D(2025, 3, 10)],
                    ["0070", D(2024, 1, 1), None],
                ]
            }
        )
    },
    {"churn_rate": 1 / 3},
    said={"as_of": D(2025, 4, 1)},
)
case(
    "two spellings",
    {"m.csv": "Customer,Month,MRR\nNorth Ltd,2025-02,100\nNORTH LTD,2025-03,100\nB,2025-02,50\nB,2025-03,50\n"},
    {"mrr": 150, "churn_rate": None},
)
case(
    "two spellings suffix blank",
    {"m.csv": "Customer,Month,MRR\nNorth Ltd,2025-02,100\nNorth  Ltd ,2025-03,100\nB,2025-02,50\nB,2025-03,50\n"},
    {"mrr": 150, "churn_rate": 0},
    ask=True,
)
case(
    "mixed date formats",
    {"c.csv": "Customer,Start,End\nA,2024-01-15,\nB,15/01/2024,2025-03-10\nC,Jan 20 2024,\n"},
    {"churn_rate": 1 / 3},
    said={"as_of": D(2025, 4, 1)},
    ask=True,
)
case(
    "refund rows mrr",
    {"m.csv": "Customer,Month,MRR\nA,2025-03,100\nA,2025-03,-20\nB,2025-03,50\n"},
    {"mrr": 130},
    ask=True,
)
case(
    "payments with refunds",
    {"p.csv": "Date,Customer,Amount,Type\n2025-03-01,A,100,charge\n2025-03-05,A,-100,refund\n2025-03-31,B,50,charge\n"},
    {"mrr": None},
)
case(
    "annual price col",
    {"c.csv": "Customer,Start,End,Annual price\nA,2024-01-01,,1200\nB,2024-01-01,2025-03-10,600\n"},
    {"mrr": 100, "churn_rate": 0.5},
    said={"as_of": D(2025, 4, 1)},
)
case(
    "price + billing period mixed",
    {
        "c.csv": "Customer,Start date,Cancel date,Price,Billing period\nA,2024-01-01,,1200,Annual\nB,2024-01-01,2025-03-10,50,Monthly\nC,2024-01-01,,300,Quarterly\n"
    },
    {"mrr": 200, "churn_rate": 1 / 3},
    said={"as_of": D(2025, 4, 1)},
)
case(
    "price per year text",
    {"c.csv": 'Customer,Start,End,Price\nA,2024-01-01,,"$1,200/yr"\nB,2024-01-01,2025-03-10,$50/mo\n'},
    {"mrr": 100, "churn_rate": 0.5},
    said={"as_of": D(2025, 4, 1)},
    ask=True,
)
case(
    "ends last days",
    {
        "c.csv": "Customer,Start,End,MRR\nA,2025-01-01,2025-01-31,100\nA,2025-02-01,2025-02-28,100\nA,2025-03-01,2025-03-31,100\nB,2025-01-01,2025-02-28,50\n"
    },
    {"mrr": 100},
    month="2025-03",
    said={"as_of": D(2025, 4, 1)},
)
case(
    "utf16 semicolon de",
    {
        "umsatz.csv": "Kunde;Monat;Umsatz\nMüller;01.02.2025;1.100,50\nÖzil;01.02.2025;50\nMüller;01.03.2025;1.100,50\n".encode(
            "utf-16"
        )
    },
    {"mrr": 1100.5, "churn_rate": 0.5},
)
case(
    "indian numbers",
    {"m.csv": 'Customer,Month,MRR\nA,2025-03,"1,20,000"\nB,2025-03,"₹ 50,000.00"\n'},
    {"mrr": 170000},
    ask=True,
)
case("swiss", {"m.csv": "Kunde;Monat;MRR CHF\nA;03.2025;1'200.50\nB;03.2025;800.00\n"}, {"mrr": 2000.5})
case(
    "total across col & row",
    {"m.csv": "Customer,2025-01,2025-02,Total\nA,100,100,200\nB,50,0,50\nTotal,150,100,250\n"},
    {"mrr": 100, "churn_rate": 0.5},
)
case(
    "totals row sum name blank",
    {"m.csv": "Customer,2025-01,2025-02\nA,100,100\nB,50,0\n,150,100\n"},
    {"mrr": 100, "churn_rate": 0.5},
    ask=True,
)
case(
    "notes below",
    {"m.csv": "Customer,2025-01,2025-02\nA,100,100\nB,50,0\n\n* excludes one-off fees\n"},
    {"mrr": 100, "churn_rate": 0.5},
)
case(
    "month name only col",
    {"2025.csv": "Customer,Month,MRR\nA,January,100\nB,January,50\nA,February,100\n"},
    {"mrr": 100, "churn_rate": 0.5},
    ask=True,
)
case(
    "customers w/ last payment",
    {
        "c.csv": "Customer,Signup date,Last payment date,Amount\nA,2024-01-01,2025-03-01,100\nB,2024-01-01,2025-01-01,50\n"
    },
    {"churn_rate": None, "mrr": None},
)
case("licences used", {"l.csv": "Account,Licensed seats,Active users\nA,10,5\nB,10,10\n"}, {"product_usage_rate": None})
case(
    "ticket touches",
    {
        "t.csv": "Case Number,Opened,Number of touches,Status\n1,2025-03-01,1,Closed\n2,2025-03-31,2,Closed\n3,2025-03-31,1,Open\n"
    },
    {"fcr": 0.5},
    ask=True,
)
case(
    "fcr yes/no german",
    {"t.csv": "Ticketnummer;Erstellt am;Im Erstkontakt gelöst\n1;01.03.2025;Ja\n2;31.03.2025;Nein\n"},
    {"fcr": 0.5},
    ask=True,
)
case(
    "funnel months", {"f.csv": "Month,Leads,Customers won\n2025-02,100,10\n2025-03,200,30\n"}, {"conversion_rate": 0.15}
)
case("trial conversions", {"f.csv": "Month,Trials,Converted\n2025-03,200,30\n"}, {"conversion_rate": 0.15}, ask=True)
case(
    "conversion percent",
    {"f.csv": "Month,Visitors,Conversion rate\n2025-03,200,15%\n"},
    {"conversion_rate": 0.15},
    ask=True,
)
case(
    "mrr movements table",
    {"mv.csv": "Month,Opening MRR,New,Expansion,Contraction,Churn,Closing MRR\n2025-03,1000,100,50,20,30,1100\n"},
    {"mrr": None},
)
case("thousands suffix ke", {"m.csv": "Customer,Month,MRR\nA,2025-03,1.2k\nB,2025-03,800\n"}, {"mrr": 2000})
case(
    "ARR only monthly",
    {"m.csv": "Account;Snapshot date;ARR (€)\nA;31.03.2025;12.000\nB;31.03.2025;6.000,00\n"},
    {"mrr": 1500},
)
case(
    "per-customer churn flag",
    {"c.csv": "Customer,Tenure (months),MonthlyCharges,Churn\n1,10,29.85,No\n2,34,56.95,No\n3,2,53.85,Yes\n"},
    {"churn_rate": None, "mrr": None},
)
case("health", {"h.csv": "Account,Usage score,NPS,Tickets\nA,80,9,2\nB,50,6,5\n"}, {"nps": 0}, ask=True)
case(
    "multi-year sheets",
    {
        "rev.xlsx": xl(
            {
                "2024": [["Customer", "Nov", "Dec"], ["A", 100, 100], ["B", 50, 50]],
                "2025": [["Customer", "Jan", "Feb"], ["A", 100, 100], ["B", 50, None]],
            }
        )
    },
    {"mrr": 100, "churn_rate": 0.5},
)
case("transposed", {"m.csv": "Month,A,B\n2025-01,100,50\n2025-02,100,0\n"}, {"mrr": None})
case(
    "zone header in start",
    {
        "c.csv": "customer_id,created,canceled_at,mrr_cents\n1,2024-01-01T00:00:00Z,,10000\n2,2024-01-01T00:00:00Z,2025-03-10T00:00:00Z,5000\n"
    },
    {"mrr": 100, "churn_rate": 0.5},
    said={"as_of": D(2025, 4, 1)},
    ask=True,
)
case(
    "mrr in cents long",
    {"m.csv": "customer_id,month,mrr_cents\n1,2025-03,10000\n2,2025-03,5000\n"},
    {"mrr": 150},
    ask=True,
)
case(
    "boolean churned col monthly",
    {"m.csv": "Customer,Month,MRR,Churned\nA,2025-02,100,0\nB,2025-02,50,0\nA,2025-03,100,0\nB,2025-03,0,1\n"},
    {"mrr": 100, "churn_rate": 0.5},
)
case(
    "epoch ms",
    {"e.csv": "user_id,timestamp,event\nu1,1743328800000,a\nu1,1743329400000,b\n"},
    {"avg_session_duration": 10},
    ask=True,
)
case(
    "price in words free",
    {"c.csv": "Customer,Start,End,MRR\nA,2024-01-01,,100\nB,2024-01-01,,free\nC,2024-01-01,2025-03-10,50\n"},
    {"mrr": 100},
    said={"as_of": D(2025, 4, 1)},
    ask=True,
)
case(
    "discount pct",
    {"c.csv": "Customer,Start,End,MRR,Discount %\nA,2024-01-01,,100,10\nB,2024-01-01,2025-03-10,50,0\n"},
    {"mrr": 90},
    said={"as_of": D(2025, 4, 1)},
)
case(
    "sessions start end",
    {
        "sessions.csv": "Session ID,User ID,Session start,Session end\n1,u1,2025-03-30 10:00,2025-03-30 10:10\n2,u1,2025-03-31 10:00,2025-03-31 10:20\n3,u2,2025-03-31 11:00,2025-03-31 11:30\n"
    },
    {"avg_session_duration": 20},
)
case(
    "sessions duration s",
    {
        "sessions.csv": "user,started_at,duration_seconds\nu1,2025-03-30 10:00,600\nu1,2025-03-31 10:00,1200\nu2,2025-03-31 11:00,1800\n"
    },
    {"avg_session_duration": 20},
)
case(
    "sessions hh:mm:ss",
    {"sessions.csv": "User,Date,Session duration\nu1,2025-03-30,00:12:30\nu2,2025-03-31,00:17:30\n"},
    {"avg_session_duration": 15},
)
case(
    "sessions 12m 30s",
    {"sessions.csv": "User,Date,Time spent\nu1,2025-03-30,12m 30s\nu2,2025-03-31,17m 30s\n"},
    {"avg_session_duration": 15},
)
case(
    "sessions min",
    {"s.csv": "User,Login,Duration (min)\nu1,2025-03-30 10:00,10\nu2,2025-03-31 10:00,20\n"},
    {"avg_session_duration": 15},
)
case(
    "sessions xlsx times",
    {
        "s.xlsx": xl(
            {
                "Sessions": [
                    ["User", "Login", "Logout"],
                    ["u1", T(2025, 3, 30, 10), T(2025, 3, 30, 10, 10)],
                    ["u2", T(2025, 3, 31, 10), T(2025, 3, 31, 10, 20)],
                ]
            }
        )
    },
    {"avg_session_duration": 15},
)
case(
    "seats x price per month",
    {"c.csv": "Customer,Seats,Price per seat per month,Start,End\nA,10,5,2024-01-01,\nB,4,10,2024-01-01,2025-03-10\n"},
    {"mrr": 50, "churn_rate": 0.5},
    said={"as_of": D(2025, 4, 1)},
)
