"""How survey questions are worded, in the languages forms are written in."""

# What may stand behind a metric's name where a question is called so.
_CALLED = r"(\s+(score|rating|category|group|class|type))?\s*(\(.*\))?\s*$"
#: Survey question -> a pattern of its wordings.
WORDINGS: dict[str, str] = {
    "nps": rf"\bnps{_CALLED}|"
    r"\brecommend|weiterempfehl|empfehlen|\brecommand|\brecomi?[ei]nd|\bindicaria|\bconsigl|\braccomand|aanbeve|"
    r"anbefal|rekommend|polec",
    "csat": rf"\bcsat{_CALLED}|"
    r"\bsatisf|zufrieden|\bsoddisf|\binsatisf|tevreden|tilfreds|zadowol|\bnöjd|fornøyd",
    "ces": rf"\bces{_CALLED}|"
    r"\beffort|\beasy|\bease\b|\bdifficult|\baufwand|\beinfach|\bf[aá]cil|"
    r"\besfuerzo|\besfor[cç]o|\bsforzo|moeite|gemakkelijk|"
    r"\blätt|\bnemt|\blett\b|łatw",
    "comment": r"\bwhy\b|\breason|\bcomment|\bfeedback|\bimprove|\btell us|\bsuggest|\bwarum|\bgrund|\bpourquoi|"
    r"\bpor qu|"
    r"\bdo better|\bshare (more|your)",
}  # fmt: skip
