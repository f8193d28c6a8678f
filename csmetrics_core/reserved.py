"""Names a spreadsheet keeps for itself; a metric or argument with such a name could not be typed or registered."""

import re

_CELL = re.compile(r"[A-Z]{1,3}[0-9]{1,7}")
_R1C1 = re.compile(r"R[0-9]*C[0-9]*|R[0-9]*|C[0-9]*")

VBA_KEYWORDS = frozenset(
    """addressof alias and any as attribute base binary boolean byref byte byval call case cbool cbyte ccur cdate cdbl
    cdec cint clng close compare const csng cstr currency cvar cverr date debug decimal declare defbool defdbl defint
    deflng defobj defstr defvar dim do double each else elseif empty end endif enum eqv erase error event exit explicit
    false for friend function get global gosub goto if imp implements in input integer is let lib like line lock long
    loop lset me mid mod name new next not nothing null object of on open option optional or output paramarray preserve
    print private property public put raiseevent random read redim rem resume return rset seek select set shared single
    spc static step stop string sub tab text then time to true type typeof unlock until variant wend while with
    withevents write xor""".split()
)

#: Spreadsheet functions whose names a metric might want; a clash would shadow or be shadowed.
BUILT_IN = frozenset(
    """ABS AND AREAS AVERAGE CELL CHAR CHOOSE CODE COLUMN COUNT CONFIDENCE CORREL DATE DAY DAYS DB DDB ERROR EXP FACT
    FALSE FILTER FIND FORECAST FREQUENCY GROWTH HLOOKUP HOUR IF IFERROR INDEX INT IPMT IRR ISERROR LAMBDA LARGE LEFT LEN
    LET LINEST LN LOG LOOKUP LOWER MATCH MAX MEDIAN MID MIN MINUTE MIRR MOD MODE MONTH N NA NOT NOW NPER NPV OFFSET OR
    PERCENTILE PI PMT POWER PPMT PRICE PROB PRODUCT PV QUARTILE RAND RANK RATE RECEIVED REPLACE REPT RIGHT ROUND ROW
    RRI SEARCH SECOND SEQUENCE SIGN SLN SLOPE SMALL SORT SQRT STDEV SUBTOTAL SUM SYD T TEXT TIME TODAY TRANSPOSE TREND
    TRIM TRUE TTEST TYPE UNIQUE UPPER VALUE VAR VDB VLOOKUP WEEKDAY WEEKNUM XIRR XLOOKUP XNPV YEAR YIELD""".split()
)


def refuse(name: str, arguments: list[str]) -> None:
    """Refuse a metric whose name or argument names a spreadsheet could not take.

    Raises:
        TypeError: naming the clash.
    """
    upper = name.upper()
    if _CELL.fullmatch(upper) or _R1C1.fullmatch(upper):
        raise TypeError(f"metric {name}: {upper} is a cell reference")
    if upper in BUILT_IN:
        raise TypeError(f"metric {name}: {upper} is a built-in spreadsheet function")
    for word in (name, *arguments):
        if word.lower() in VBA_KEYWORDS:
            raise TypeError(f"metric {name}: {word} is a VBA keyword")
