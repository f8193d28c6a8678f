"""Personal data in free text: mail addresses, phone numbers and other long numbers are masked before it is shown."""

import re

MAIL, NUMBER = "[e-mail]", "[number]"

# Each run of letters is tried once, from its start: long text without an address costs no more than its length.
_LOCAL = r"\w.!#$%&'*+/=?^`{|}~-"
_AT = "[@＠]"  # the second is what a Japanese or Chinese keyboard types
_DOTTED = r"[\w-]++(?:\.[\w-]++)++"
_MAIL = re.compile(
    rf"(?<![{_LOCAL}])(?:[{_LOCAL}]++(?:{_AT}[\w-]++(?:\.[\w-]++)*+|\s?(?:{_AT}|\(at\)|\[at\])\s?{_DOTTED})|{_AT}{_DOTTED})",
    re.IGNORECASE,
)
_MAIL_AS_MARKUP = re.compile(rf"(?<![\w.+-])[\w.+-]++(?:&#0*64;|&#x0*40;|&commat;){_DOTTED}", re.IGNORECASE)
# Seven digits or more with brackets, blanks, dots, dashes or strokes between them, or six in a row.
_NUMBER = re.compile(r"(?<!\d)(?:\+\s?)?\(?\d(?:[\s().\-‐‑–—/]{0,3}\d){6,}|(?<!\d)\d{6,}")


def mask(text: str) -> str:
    """Put a placeholder where a mail address, a phone number or another long number stands.

    Account, card and order numbers go the same way as phone numbers, and so do dates written in digits: to
    mask too much does no harm here. Names are not recognised.

    Example:
        >>> mask("Call +1 555 0142 or write to office@example.com, it is 3 times 500 a month")
        'Call [number] or write to [e-mail], it is 3 times 500 a month'
    """
    without = _MAIL.sub(MAIL, _MAIL_AS_MARKUP.sub(MAIL, text))
    return _NUMBER.sub(NUMBER, without)
