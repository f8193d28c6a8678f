"""Currencies as people write them: beside an amount, or in the heading above amounts."""

import re

#: ISO 4217, the currencies in use.
CODES = frozenset(
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP "
    "CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF "
    "IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD "
    "MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB "
    "RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU "
    "UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL".split()
)
# What else stands at amounts, and the code it is; a bare $ or kr is that of many countries and stays as written.
WRITTEN = {
    "€": "EUR", "£": "GBP", "₹": "INR", "₽": "RUB", "₺": "TRY", "₩": "KRW", "฿": "THB", "₪": "ILS", "₴": "UAH",
    "₱": "PHP", "₫": "VND", "₦": "NGN", "₡": "CRC", "₲": "PYG", "₸": "KZT", "US$": "USD", "A$": "AUD", "AU$": "AUD",
    "C$": "CAD", "CA$": "CAD", "NZ$": "NZD", "HK$": "HKD", "S$": "SGD", "R$": "BRL", "MX$": "MXN", "NT$": "TWD",
    "KČ": "CZK", "ZŁ": "PLN", "FT": "HUF", "FR.": "CHF", "SFR.": "CHF", "RS": "INR", "RS.": "INR", "EURO": "EUR",
    "EUROS": "EUR", "DOLLARS": "$", "KR": "kr", "KR.": "kr", "$": "$", "¥": "¥", "￥": "¥", "R": "ZAR", "LEI": "RON",
}  # fmt: skip
_SIGNS = "".join(re.escape(sign) for sign in WRITTEN if len(sign) == 1 and not sign.isalpha())
# In small letters only where they are no words: "all", "top" and "try" are codes too.
_SMALL = "usd|eur|gbp|chf|sek|nok|dkk|pln|czk|huf|aud|cad|nzd|jpy|cny|inr|brl|mxn|zar|sgd"
#: A unit at the end of a heading: anything in brackets, or a currency after a blank, "in" or a sign.
UNIT = re.compile(
    r"\s*[(\[](?P<bracketed>[^()\[\]]*)[)\]]\s*$"
    rf"|[\s_,;:/-]+(?:in\s+)?(?P<amount>(?:[kKTm]|mn)?\s?(?:[{_SIGNS}]|{'|'.join(sorted(CODES))}|{_SMALL})[km]?)\s*$"
    rf"|(?P<sign>[{_SIGNS}])\s*$"
)
_MONEY = f"(?:[{_SIGNS}]|{_SMALL}|euros?|dollars?|pounds?)"
# A unit stands alone: at either end, in brackets, between signs, or after "in"; prose that names a number is none.
_LEFT, _RIGHT = r"(?:^|[(\[,;:|–—-]\s*|\bin\s+)", r"(?=\s*(?:$|[)\],;.|–—(-]))"


def _saying(words: str, before: str, after: str) -> re.Pattern[str]:
    """What says a multiple: in words, with or without a currency, or by a letter before or after one."""
    phrase = rf"(?:{_MONEY}\s*)?(?:{words})(?:\s*(?:of\s+)?{_MONEY})?|(?:{before})\s?{_MONEY}|{_MONEY}\s?(?:{after})"
    short = rf"(?:{before})\s?{_MONEY}|{_MONEY}\s?(?:{after})|{_MONEY}\s+(?:{words})"
    alone = rf"[(\[]\s*(?:{after}|{words})\s*[)\]]\s*$" if "k" in after else r"(?!)"  # an m alone may be for "monthly"
    found = rf"{_LEFT}(?:in\s+)?(?:{phrase}){_RIGHT}|(?:^|[\s_,;:/-])(?:{short})\W*$|{alone}"
    return re.compile(found, re.IGNORECASE)


_MULTIPLES = {
    1_000_000: _saying(r"millions?|mio\.?|mn", "mn?|mm", "mn?|mm"),
    1000: _saying(r"thousands?|tsd\.?|['’]000s?", "[kt]", "k|000s?"),
}


def multiple_of_heading(heading: str) -> int:
    """What one unit of the amounts under a heading, or under a title that says it, is worth: 1,000 under "MRR (k€)".

    Example:
        >>> multiple_of_heading("MRR (k€)"), multiple_of_heading("ARR in $m"), multiple_of_heading("Amount (EUR)")
        (1000, 1000000, 1)
        >>> multiple_of_heading("Customers who pay more than a thousand euros a month")
        1
    """
    return next((multiple for multiple, says in _MULTIPLES.items() if says.search(heading)), 1)


def currency_of(written: str) -> str | None:
    """The currency that is meant; empty where none is written, None where the word is none.

    Example:
        >>> currency_of("€"), currency_of("usd"), currency_of(""), currency_of("pcs")
        ('EUR', 'USD', '', None)
    """
    if not written:
        return ""
    upper = written.upper()
    return upper if upper in CODES else WRITTEN.get(upper)


def currency_of_heading(heading: str) -> str:
    """The currency a heading names; empty where it names none.

    Example:
        >>> currency_of_heading("MRR (EUR)"), currency_of_heading("Amount in USD"), currency_of_heading("MRR")
        ('EUR', 'USD', '')
    """
    found = UNIT.search(heading)
    words = next(filter(None, found.groups()), "") if found else ""
    found = re.search(_MONEY, words, re.IGNORECASE)
    return next((code for word in words.split() if (code := currency_of(word))), "") or (
        currency_of(found[0]) or "" if found else ""
    )
