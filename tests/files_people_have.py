# ruff: noqa: E501 (a file stands on a line)
"""Small files of kinds people really have, each with the figures it must give by arithmetic of its own."""

import io
from datetime import date as D
from typing import Any, NamedTuple

import openpyxl


class Case(NamedTuple):
    """Files by name, the value each metric must have, and what is asked for.

    Args:
        right: metric -> value; None where there must be none.
        said: what the user says about the files.
        ask: asking back is as good.
        n: metric -> observations.
    """

    name: str
    files: dict[str, bytes]
    right: dict[str, float | None]
    month: str | None = None
    said: dict[str, Any] | None = None
    ask: bool = False
    n: dict[str, int] | None = None


CASES: list[Case] = []


def xl(sheets):
    """A workbook of sheets, each a list of rows."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def case(name, files, right, **more):
    content = {file: text.encode() if isinstance(text, str) else text for file, text in files.items()}
    CASES.append(Case(name, content, right, **more))


case(
    "title in csv",
    {"mrr.csv": "MRR report\n\ncustomer,month,mrr\nA,2025-01-01,100\nB,2025-01-01,50\nA,2025-02-28,100\n"},
    {"mrr": 100, "churn_rate": 0.5},
)
case(
    "title2 csv ;",
    {
        "mrr.csv": "MRR report;;\nas of;31.01.2025;\ncustomer;month;mrr\nA;01.01.2025;1.100,50\nB;01.01.2025;50\nA;31.01.2025;0\n"
    },
    {"mrr": 1150.5},
)
case(
    "blank first cols",
    {
        "a.xlsx": xl(
            {
                "Data": [
                    [None] * 4,
                    [None, None, None, None],
                    [None, "Customer", "Month", "MRR"],
                    [None, "A", D(2025, 1, 31), 100],
                    [None, "B", D(2025, 1, 31), 20],
                ]
            }
        )
    },
    {"mrr": 120},
)
case(
    "two tables stacked in one sheet",
    {
        "a.xlsx": xl(
            {
                "Data": [
                    ["Customer", "Month", "MRR"],
                    ["A", D(2025, 1, 31), 100],
                    ["B", D(2025, 1, 31), 20],
                    [None],
                    ["Date", "NPS"],
                    [D(2025, 1, 31), 10],
                    [D(2025, 1, 30), 3],
                ]
            }
        )
    },
    {"mrr": 120, "nps": 0},
)
case(
    "two tables side by side",
    {
        "a.xlsx": xl(
            {
                "Data": [
                    ["Customer", "Month", "MRR", None, "Date", "NPS"],
                    ["A", D(2025, 1, 31), 100, None, D(2025, 1, 31), 10],
                    ["B", D(2025, 1, 31), 20, None, D(2025, 1, 30), 9],
                    ["C", D(2025, 1, 31), 20],
                ]
            }
        )
    },
    {"mrr": 140, "nps": 100},
    n={"nps": 2},
)
case(
    "two tables with title",
    {
        "a.xlsx": xl(
            {
                "Data": [
                    ["Revenue"],
                    ["Customer", "Month", "MRR"],
                    ["A", D(2025, 1, 31), 100],
                    ["B", D(2025, 1, 31), 20],
                    [None],
                    ["Survey"],
                    ["Date", "NPS"],
                    [D(2025, 1, 31), 10],
                    [D(2025, 1, 30), 3],
                ]
            }
        )
    },
    {"mrr": 120, "nps": 0},
)
case(
    "sheet a month",
    {
        "MRR 2025.xlsx": xl(
            {"Jan": [["Customer", "MRR"], ["A", 100], ["B", 50]], "Feb": [["Customer", "MRR"], ["A", 110]]}
        )
    },
    {"mrr": 110, "churn_rate": 0.5},
)
case(
    "sheet a month 2",
    {
        "book.xlsx": xl(
            {
                "Jan 2025": [["Customer", "MRR"], ["A", 100], ["B", 50], ["Total", 150]],
                "Feb 2025": [["Customer", "MRR"], ["A", 110], ["Total", 110]],
            }
        )
    },
    {"mrr": 110, "churn_rate": 0.5},
    ask=True,
)
case(
    "file a month",
    {
        "mrr_2025-01.csv": "Client,Monthly recurring revenue\nA,100\nB,50\n",
        "mrr_2025-02.csv": "Client,Monthly recurring revenue\nA,100\n",
    },
    {"mrr": 100, "churn_rate": 0.5},
)
case(
    "snapshots",
    {
        "customers_2025-01.csv": "Customer,Segment\nA,SMB\nB,SMB\nC,Ent\nD,Ent\n",
        "customers_2025-02.csv": "Customer,Segment\nA,SMB\nB,SMB\nC,Ent\nE,Ent\n",
    },
    {"churn_rate": 0.25},
    month="2025-02",
)
case(
    "answers a sheet month name",
    {
        "n.xlsx": xl(
            {
                "2025-02": [["Respondent", "NPS"], ["a", 10], ["b", 3]],
                "2025-03": [["Respondent", "NPS"], ["c", 10], ["a", 9]],
            }
        )
    },
    {"nps": 100},
    month="2025-03",
    n={"nps": 2},
)
case(
    "customer list + answers",
    {
        "c.csv": "Customer,Start date,End date,NPS,Survey date\nA,2024-01-01,,10,2025-03-05\nB,2024-01-01,2025-03-10,3,2025-03-06\nC,2024-01-01,,9,2025-03-31\nD,2024-01-05,,,\n"
    },
    {"churn_rate": 0.25, "nps": 33.3333},
    month="2025-03",
)
case(
    "ids restart",
    {
        "north.csv": "Response ID,Date,NPS\n1,2025-03-01,10\n2,2025-03-31,9\n",
        "south.csv": "Response ID,Date,NPS\n1,2025-03-05,2\n2,2025-03-30,10\n",
    },
    {"nps": 50},
    n={"nps": 4},
)
case(
    "no ids overlap",
    {"north.csv": "Date,NPS\n2025-03-01,10\n2025-03-31,9\n", "south.csv": "Date,NPS\n2025-03-01,10\n2025-03-30,2\n"},
    {"nps": 50},
    ask=True,
    n={"nps": 4},
)
case(
    "no ids same twice",
    {
        "a.csv": "Date,NPS\n2025-03-01,10\n2025-03-31,3\n2025-03-31,2\n",
        "b.csv": "Date,NPS\n2025-03-01,10\n2025-03-31,3\n2025-03-31,2\n",
    },
    {"nps": -33.3333},
    n={"nps": 3},
)
case(
    "same id other cells",
    {
        "a.csv": "Response ID,Date,NPS,City\nx1,2025-03-01,10,Rome\nx2,2025-03-31,3,Rome\n",
        "b.csv": "Response ID,Date,NPS,City\nx1,2025-03-01,2,Rome\nx3,2025-03-31,3,Oslo\n",
    },
    {"nps": None},
)
case(
    "same regs in a file equal",
    {"a.csv": "Date,NPS\n2025-03-01,10\n2025-03-01,10\n2025-03-31,3\n"},
    {"nps": 33.3333},
    n={"nps": 3},
)
case(
    "regions mrr same customers ids differ",
    {"north.csv": "customer,month,mrr\nN1,2025-01-31,100\n", "south.csv": "customer,month,mrr\nS1,2025-01-31,100\n"},
    {"mrr": 200},
)
case(
    "regions restart customers",
    {
        "north.csv": "customer id,month,mrr\n1,2025-01-31,100\n2,2025-01-31,50\n",
        "south.csv": "customer id,month,mrr\n1,2025-01-31,80\n2,2025-01-31,70\n",
    },
    {"mrr": 300},
    ask=True,
)
case("jan-25", {"m.csv": "customer,month,mrr\nA,Jan-25,100\nB,Jan-25,200\nA,Feb-25,100\nB,Feb-25,150\n"}, {"mrr": 250})
case("202501", {"m.csv": "customer,month,mrr\nA,202501,100\nB,202501,200\nA,202502,100\nB,202502,150\n"}, {"mrr": 250})
case(
    "2025M01",
    {"m.csv": "customer,month,mrr\nA,2025M01,100\nB,2025M01,200\nA,2025M02,100\nB,2025M02,150\n"},
    {"mrr": 250},
)
case(
    "01/2025",
    {"m.csv": "customer,month,mrr\nA,01/2025,100\nB,01/2025,200\nA,02/2025,100\nB,02/2025,150\n"},
    {"mrr": 250},
)
case(
    "wide nov-23",
    {"m.csv": "Customer,Nov-23,Dec-23,Jan-24\nA,100,100,100\nB,50,50,\nTotal,150,150,100\n"},
    {"mrr": 100, "churn_rate": 0.5},
)
case(
    "wide with total col and segment",
    {"m.csv": "Customer,Segment,Jan 2025,Feb 2025,Total\nA,SMB,100,100,200\nB,SMB,50,,50\nTotal,,150,100,250\n"},
    {"mrr": 100, "churn_rate": 0.5},
)
case(
    "wide de",
    {"m.csv": "Kunde;Jan 2025;Feb 2025\nA;1.000,50;1.000,50\nB;50,00;\nSumme;1.050,50;1.000,50\n"},
    {"mrr": 1000.5, "churn_rate": 0.5},
)
case("equal mrr", {"m.csv": "customer,month,mrr\nA,2025-01-31,100\nB,2025-01-31,100\n"}, {"mrr": 200})
case(
    "a=b+c last", {"m.csv": "customer,month,mrr\nA,2025-01-31,100\nB,2025-01-31,200\nC,2025-01-31,300\n"}, {"mrr": 600}
)
case(
    "customer called Total Wine",
    {"m.csv": "customer,month,mrr\nTotal Wine,2025-01-31,100\nB,2025-01-31,200\n"},
    {"mrr": 300},
)
case(
    "customer called Total alone",
    {"m.csv": "customer,month,mrr\nTotal,2025-01-31,120\nB,2025-01-31,200\nC,2025-01-31,70\n"},
    {"mrr": 390},
    ask=True,
)
case(
    "grand total long end",
    {"m.csv": "customer,month,mrr\nA,2025-01-31,100\nB,2025-01-31,200\nGrand Total,,300\n"},
    {"mrr": 300},
)
case(
    "subtotals by region",
    {
        "m.xlsx": xl(
            {
                "S": [
                    ["Customer", "Jan 2025", "Feb 2025"],
                    ["A", 10, 10],
                    ["B", 20, 20],
                    ["North total", 30, 30],
                    ["C", 5, 5],
                    ["D", 6, 0],
                    ["South total", 11, 5],
                    ["Grand total", 41, 35],
                ]
            }
        )
    },
    {"mrr": 35, "churn_rate": 0.25},
)
case(
    "blank name total",
    {"m.csv": "customer,month,mrr\nA,2025-01-31,100\nB,2025-01-31,200\n,,300\n"},
    {"mrr": 300},
    ask=True,
)
case(
    "average row with customer",
    {"m.csv": "customer,date,nps\nA,2025-03-01,10\nB,2025-03-02,9\nC,2025-03-31,3\nAverage,,7.33\n"},
    {"nps": 33.33333},
    n={"nps": 3},
)
case("eur", {"m.csv": "customer;month;mrr\nA;01.2025;1.200,50 €\nB;01.2025;300,00 €\n"}, {"mrr": 1500.5})
case("eur code", {"m.csv": "customer,month,mrr\nA,2025-01-31,EUR 1200.50\nB,2025-01-31,EUR 300\n"}, {"mrr": 1500.5})
case("swiss", {"m.csv": "customer;month;mrr\nA;2025-01-31;1'200.50\nB;2025-01-31;300.00\n"}, {"mrr": 1500.5})
case("na customer", {"m.csv": "customer,month,mrr\nNA,2025-01-31,100\nNone,2025-01-31,200\n"}, {"mrr": 300})
case(
    "unreadable amount",
    {"m.csv": "customer,month,mrr\nA,2025-01-31,100\nB,2025-01-31,tbd\n"},
    {"mrr": None, "churn_rate": None},
)
case(
    "unreadable amount older",
    {
        "m.csv": "customer,month,mrr\nA,2024-01-31,100\nB,2024-01-31,tbd\nA,2025-01-31,100\nB,2025-01-31,100\nA,2024-12-31,100\nB,2024-12-31,100\n"
    },
    {"mrr": 200, "churn_rate": 0, "ndr": None},
)
case("bad date", {"n.csv": "date,nps\n2025-03-01,10\nlater,3\n2025-03-31,9\n"}, {"nps": None})
case("impossible date", {"n.csv": "date,nps\n2025-03-01,10\n2025-02-30,3\n2025-03-31,9\n"}, {"nps": None})
case(
    "qualtrics full",
    {
        "q.csv": 'StartDate,EndDate,Status,ResponseId,Q1,Q2\n"Start Date","End Date","Response Type","Response ID","How likely are you to recommend us to a friend?","Why?"\n"{""ImportId"":""startDate""}","{""ImportId"":""endDate""}","{""ImportId"":""status""}","{""ImportId"":""_recordId""}","{""ImportId"":""QID1""}","{""ImportId"":""QID2""}"\n2025-03-01 10:00:00,2025-03-01 10:02:00,IP Address,R_1,10,great\n2025-03-02 10:00:00,2025-03-02 10:02:00,IP Address,R_2,2,\n2025-03-31 10:00:00,2025-03-31 10:02:00,IP Address,R_3,9,\n'
    },
    {"nps": 33.33333, "sentiment": 0.6249},
)
case(
    "surveymonkey 2",
    {
        "s.csv": "Respondent ID,Collector ID,Start Date,End Date,How likely is it that you would recommend us?,What could we do better?\n,,,,Response,Open-Ended Response\n1,1,03/01/2025 10:00:00 AM,03/01/2025 10:01:00 AM,10,great\n2,1,03/31/2025 10:00:00 AM,03/31/2025 10:01:00 AM,3,\n"
    },
    {"nps": 0, "sentiment": 0.6249},
)
case(
    "csat scale heading",
    {"s.csv": "When,Overall satisfaction (1-7)\n2025-03-01,7\n2025-03-31,4\n2025-03-30,6\n"},
    {"csat": 66.6667},
)
case(
    "effort question",
    {"s.csv": "When,How easy was it to handle your request? (1-5)\n2025-03-01,5\n2025-03-31,2\n"},
    {"ces": 50},
)
case(
    "labelled 2",
    {
        "s.csv": "Date,How likely are you to recommend us?\n2025-03-01,10 (Extremely likely)\n2025-03-02,0 - Not at all likely\n2025-03-31,9\n"
    },
    {"nps": 33.3333},
)
case(
    "n/a scores",
    {"s.csv": "Date,NPS\n2025-03-01,10\n2025-03-02,n/a\n2025-03-31,no answer\n"},
    {"nps": 100},
    n={"nps": 1},
)
case(
    "status jira",
    {
        "t.csv": "Case Number,Created Date,Case Status,Number of replies\n1,2025-03-01,Closed,1\n2,2025-03-02,Resolved,1\n3,2025-03-03,In progress,1\n4,2025-03-31,Done,3\n"
    },
    {"fcr": 0.666667},
)
for i, h in enumerate(
    [
        "Cancelled on",
        "Closed on",
        "Terminated",
        "Left on",
        "Contract end",
        "Inactive since",
        "cancel_date",
        "Churn Date",
        "Canceled at",
        "End of contract",
        "Gekündigt am",
    ]
):
    case(
        "end " + h,
        {
            "c.csv": f"user_id,join_date,{h}\nA,2024-01-10,\nB,2024-02-01,2025-03-10\nC,2024-03-01,\nD,2024-05-01,\n"
            if i % 2
            else f"Client,Start date,{h}\nA,2024-01-10,\nB,2024-02-01,2025-03-10\nC,2024-03-01,\nD,2024-05-01,\n"
        },
        {"churn_rate": 0.25},
        month="2025-03",
    )
case(
    "created_date",
    {"c.csv": "account_id,created_date,cancel_date,plan\nA,2024-01-10,,p\nB,2024-02-01,2025-03-10,p\n"},
    {"churn_rate": 0.5},
    month="2025-03",
)
case(
    "last day stays",
    {"c.csv": "customer,start,end\nA,2024-01-01,2024-12-31\nA,2025-01-01,2025-12-31\nA,2026-01-01,\nB,2024-05-05,\n"},
    {"churn_rate": 0},
    month="2025-12",
)
case(
    "first unpaid",
    {
        "contracts.csv": "customer,start,end,interval_months,amount\nA,2025-01-01,2026-01-01,12,1200\nA,2026-01-01,2027-01-01,12,1200\nB,2025-01-01,,12,1200\n"
    },
    {"mrr": 200, "churn_rate": 0},
    month="2025-12",
    said={"as_of": D(2026, 3, 1)},
)
case(
    "contracts mrr churned blank",
    {"c.csv": "customer,start,end,mrr\nA,2025-01-10,,100\nB,2025-01-15,2025-03-20,\nC,2025-02-01,,200\n"},
    {"mrr": 300},
    month="2025-03",
    said={"as_of": D(2025, 4, 15)},
)
case("undated month", {"t.csv": "Score\n10\n9\n3\n"}, {"nps": None}, month="2025-03")
case("undated no month", {"t.csv": "Score\n10\n9\n3\n"}, {"nps": 33.33333})
case(
    "annual price",
    {"m.csv": "customer,month,amount,Billing\nA,2025-01-31,1200,annual\nB,2025-01-31,100,monthly\n"},
    {"mrr": 200},
)
case(
    "annual price heading other",
    {"m.csv": "customer,month,price,Plan type,Paid how\nA,2025-01-31,1200,x,Yearly\nB,2025-01-31,100,x,Monthly\n"},
    {"mrr": 200},
    ask=True,
)
case("arr column", {"m.csv": "customer,month,ARR\nA,2025-01-31,1200\nB,2025-01-31,2400\n"}, {"mrr": 300})
case(
    "names accents",
    {
        "m.csv": "customer,month,mrr\nCafé Sol,2025-02-01,100\nBeta,2025-02-01,50\nCafe Sol,2025-03-01,100\nBeta,2025-03-01,50\n"
    },
    {"mrr": 150, "churn_rate": None},
)
case(
    "names nbsp",
    {"m.csv": "customer,month,mrr\nAcme Inc,2025-02-01,100\nAcme\u00a0Inc ,2025-03-01,100\n"},
    {"churn_rate": 0},
    ask=True,
)
case(
    "007",
    {
        "m.xlsx": xl(
            {
                "mrr": [
                    ["customer", "month", "mrr"],
                    ["007", D(2025, 2, 28), 100],
                    [7, D(2025, 2, 28), 50],
                    ["007", D(2025, 3, 31), 100],
                ]
            }
        )
    },
    {"mrr": 100, "churn_rate": 0.5},
)
case(
    "1e3 ids",
    {"m.csv": "customer,month,mrr\n1e3,2025-02-01,100\n1000,2025-02-01,50\n1e3,2025-03-01,100\n"},
    {"churn_rate": 0.5},
)
case(
    "latin all",
    {"m.csv": "customer,month,mrr\nZürich,2025-02-01,100\nKöln,2025-02-01,50\n".encode("cp1252")},
    {"mrr": 150},
)
case(
    "utf16",
    {"m.csv": "customer\tmonth\tmrr\nZürich\t2025-02-01\t100\nKöln\t2025-02-01\t50\n".encode("utf-16")},
    {"mrr": 150},
)
case("one nul", {"m.csv": b"customer,month,mrr\nA,2025-02-01,100\nB\0,2025-02-01,50\n"}, {"mrr": 150}, ask=True)
case(
    "events day first",
    {"e.csv": "user_id,timestamp,event_name\n1,31/01/2025 10:00,login\n1,31/01/2025 10:10,x\n"},
    {"avg_session_duration": 10},
)
case(
    "repeated header",
    {"m.csv": "customer,month,mrr\nA,2025-01-31,100\ncustomer,month,mrr\nB,2025-01-31,20\n"},
    {"mrr": 120},
)
case(
    "remark",
    {
        "m.xlsx": xl(
            {
                "S": [
                    ["Customer", "Month", "MRR"],
                    ["A", D(2025, 1, 31), 100],
                    ["B", D(2025, 1, 31), 20],
                    [None],
                    ["Source: billing system"],
                ]
            }
        )
    },
    {"mrr": 120},
)
case(
    "mrr col with bracket",
    {"m.csv": "Account name,Billing period,MRR (EUR)\nA,2025-01,100\nB,2025-01,20\n"},
    {"mrr": 120},
)
case(
    "units row",
    {"m.csv": "customer,month,mrr\nname,date,EUR\nA,2025-01-31,100\nB,2025-01-31,20\n"},
    {"mrr": 120},
    ask=True,
)
case("mixed ccy", {"m.csv": "customer,month,mrr\nA,2025-01-31,$100\nB,2025-01-31,€20\n"}, {"mrr": None})
case("serial dates", {"m.csv": "customer,month,mrr\nA,45688,100\nB,45688,20\n"}, {"mrr": 120})
case("n col only", {"n.xlsx": xl({"NPS": [["Score"], [10], [9], [2]]})}, {"nps": 33.3333})
case("decimal scores de", {"n.csv": "Datum;NPS\n31.03.2025;10\n30.03.2025;3\n"}, {"nps": 0})
case(
    "costs cat",
    {
        "costs.csv": "Month,Category,Amount\n2025-01,retention,100\n2025-01,delivery,50\n",
        "m.csv": "customer,month,mrr\nA,2025-01-31,100\nB,2025-01-31,200\nA,2024-12-31,100\n",
    },
    {"crc": 100},
)
case("percent nps text", {"n.csv": "Date,NPS Score\n2025-03-01,9/10\n2025-03-31,3/10\n"}, {"nps": 0})
case(
    "three regions sheets totals",
    {
        "r.xlsx": xl(
            {
                "North": [["Customer", "Jan 2025", "Feb 2025"], ["A", 10, 10], ["B", 5, None], ["Total", 15, 10]],
                "South": [["Customer", "Jan 2025", "Feb 2025"], ["C", 10, 10], ["D", 5, 5], ["Total", 15, 15]],
            }
        )
    },
    {"mrr": 25, "churn_rate": 0.25},
)
case(
    "wide year row above",
    {"r.xlsx": xl({"S": [[None, 2025, None], ["Customer", "Jan", "Feb"], ["A", 10, 10], ["B", 5, None]]})},
    {"mrr": 10},
    ask=True,
)
case(
    "summary beside",
    {
        "r.xlsx": xl(
            {
                "S": [
                    ["Customer", "Month", "MRR", None, "Summary", "Value"],
                    ["A", D(2025, 1, 31), 10, None, "Total MRR", 15],
                    ["B", D(2025, 1, 31), 5, None, "Customers", 2],
                ]
            }
        )
    },
    {"mrr": 15},
)
case(
    "customer col called Account and status",
    {"c.csv": "Account,Since,Status,Closed\nA,2024-01-01,active,\nB,2024-01-01,churned,2025-03-10\n"},
    {"churn_rate": 0.5},
    month="2025-03",
)
case(
    "no end but status churned",
    {"c.csv": "Client,Start date,Status\nA,2024-01-01,active\nB,2024-01-01,churned\n"},
    {"churn_rate": None},
    month="2025-03",
)
case(
    "list with mrr no end",
    {"c.csv": "Client,Start date,MRR\nA,2024-01-01,100\nB,2024-01-31,50\n"},
    {"mrr": 150, "churn_rate": None, "ndr": None},
)
case(
    "closing balance NULL wide",
    {"m.csv": "Customer,2025-01,2025-02\nA,100,NULL\nB,100,100\n"},
    {"mrr": 100, "churn_rate": 0.5},
)
case(
    "wide unreadable",
    {"m.csv": "Customer,2025-01,2025-02\nA,100,pending\nB,100,100\n"},
    {"mrr": None, "churn_rate": None},
)
case(
    "dash in long",
    {"m.csv": "customer,month,mrr\nA,2025-01,100\nB,2025-01,100\nA,2025-02,100\nB,2025-02,-\n"},
    {"churn_rate": None},
)
case("word in csat", {"s.csv": "Date,CSAT\n2025-03-31,5\n2025-03-30,good\n2025-03-29,2\n"}, {"csat": 50}, n={"csat": 2})
case("two nps cols", {"s.csv": "Date,NPS product,NPS score\n2025-03-31,5,9\n"}, {"nps": 100}, ask=True)
case("two dates contradict", {"n.csv": "date,nps\n13/01/2025,9\n01/13/2025,3\n"}, {"nps": None})
case("ambiguous dates one month", {"n.csv": "date,nps\n03/04/2025,9\n05/04/2025,3\n"}, {"nps": None})
case(
    "same export renamed sheets",
    {
        "m.xlsx": xl(
            {
                "Export": [["Response ID", "Date", "NPS"], [1, D(2025, 3, 1), 10], [2, D(2025, 3, 31), 9]],
                "Export (2)": [["Response ID", "Date", "NPS"], [1, D(2025, 3, 1), 10], [2, D(2025, 3, 31), 9]],
            }
        )
    },
    {"nps": 100},
    n={"nps": 2},
)
case(
    "overlapping exports ids",
    {
        "a.csv": "Response ID,Date,NPS\n1,2025-03-01,10\n2,2025-03-02,9\n",
        "b.csv": "Response ID,Date,NPS\n2,2025-03-02,9\n3,2025-03-31,0\n",
    },
    {"nps": 33.33333},
    n={"nps": 3},
)
case(
    "mrr exports overlap",
    {
        "a.csv": "customer,month,mrr\nA,2025-01-31,10\nA,2025-02-28,10\n",
        "b.csv": "customer,month,mrr\nA,2025-02-28,10\nA,2025-03-31,10\n",
    },
    {"mrr": 10},
)
case(
    "semicolons de contracts",
    {"c.csv": "Kunde;Beginn;gekündigt am\nA;10.01.2024;\nB;01.02.2024;10.03.2025\nC;01.03.2024;\nD;01.05.2024;\n"},
    {"churn_rate": 0.25},
    month="2025-03",
)
case("parenthesised wide", {"m.csv": "Customer,Jan 2025,Feb 2025\nA,100,(20)\nB,100,100\n"}, {"mrr": 80}, ask=True)
case("footer csv", {"m.csv": "customer,month,mrr\nA,2025-01-31,10\nB,2025-01-31,20\nTotal records: 2\n"}, {"mrr": 30})
case(
    "total short row",
    {
        "m.csv": "customer,month,mrr\nA,2025-01-31,10\nB,2025-01-31,20\nTotal,,30\n\nGenerated by Billing on 2025-02-01\n"
    },
    {"mrr": 30},
)
case(
    "mean row nps",
    {"n.xlsx": xl({"R": [["Respondent", "Score"], ["a", 10], ["b", 9], ["c", 2], [None, None], ["Mean", 7]]})},
    {"nps": 33.3333},
    ask=True,
    n={"nps": 3},
)
case(
    "count row",
    {"n.xlsx": xl({"R": [["Date", "Score"], [D(2025, 3, 1), 10], [D(2025, 3, 31), 9], ["Count", 2]]})},
    {"nps": 100},
    n={"nps": 2},
)
case(
    "events days only one user",
    {"e.csv": "user_id,day,event\na,2025-01-01,x\na,2025-01-02,x\n"},
    {"avg_session_duration": None},
)
case(
    "tz",
    {"e.csv": "user_id,timestamp,event\na,2025-01-31T10:00:00Z,x\na,2025-01-31T10:20:00Z,x\n"},
    {"avg_session_duration": 20},
)
case(
    "licences",
    {
        "l.csv": "Customer,Seats\nA,10\nB,10\n",
        "e.csv": "user_id,customer,timestamp,event\n1,A,2025-01-31 10:00:00,x\n2,B,2025-01-31 10:20:00,x\n",
    },
    {"product_usage_rate": 0.1},
)
case(
    "zip codes ids long",
    {
        "m.csv": "customer,month,mrr\n12345678901234567890,2025-02-01,100\n12345678901234567891,2025-02-01,50\n12345678901234567890,2025-03-01,100\n"
    },
    {"churn_rate": 0.5},
)
case("empty workbook", {"m.xlsx": xl({"S": []})}, {"mrr": None})
case(
    "invoice lines",
    {
        "contracts.csv": "customer,start,end,amount\nA,2025-01-01,2025-01-31,100\nA,2025-02-01,2025-02-28,100\nB,2025-01-01,2025-01-31,50\nB,2025-02-01,2025-02-28,50\n"
    },
    {"mrr": 150},
    month="2025-02",
    said={"as_of": D(2025, 3, 15)},
)
case(
    "last day months contracts",
    {
        "c.csv": "Account,Contract start,Contract end,MRR\nA,2024-03-01,2025-02-28,100\nA,2025-03-01,2026-02-28,120\nB,2024-05-01,2025-04-30,50\n"
    },
    {"mrr": 170, "churn_rate": 0},
    month="2025-03",
    said={"as_of": D(2025, 5, 1)},
)
case(
    "scale 1-10 csat",
    {"s.csv": "Date,How satisfied are you overall? (1-10)\n2025-03-31,10\n2025-03-31,4\n"},
    {"csat": 50},
)
case(
    "ticket flags",
    {"t.csv": "Ticket ID,Created,Resolved?,Contacts\n1,2025-03-01,Y,1\n2,2025-03-02,N,1\n3,2025-03-31,Yes,2\n"},
    {"fcr": 0.5},
)
case(
    "closed as flag vs date",
    {"t.csv": "Ticket ID,Opened,Status,Closed,Replies\n1,2025-03-01,Closed,2025-03-02,1\n2,2025-03-31,Open,,1\n"},
    {"fcr": 1},
)
