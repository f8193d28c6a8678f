"""How survey questions are worded, in the languages forms are written in."""

# What may stand behind a metric's name where a question is called so.
_CALLED = r"(\s+(score|rating))?\s*(\(.*\))?\s*$"
#: Survey question -> a pattern of its wordings.
WORDINGS: dict[str, str] = {
    "nps": rf"\bnps{_CALLED}|"
    r"\brecommend|weiterempfehl|\brecommand|\brecomi?[ei]nd|\bconsigl|aanbevel|anbefal|rekommend|polec",
    "csat": rf"\bcsat{_CALLED}|"
    r"\bsatisf|zufrieden|\bsoddisf|\binsatisf|tevreden|tilfreds|zadowol",
    "ces": rf"\bces{_CALLED}|"
    r"\beffort|\beasy|\bease\b|\bdifficult|\baufwand|\beinfach|\bf[aá]cil|"
    r"\besfuerzo|\besfor[cç]o|\bsforzo|moeite",
    "comment": r"\bwhy\b|\breason|\bcomment|\bfeedback|\bimprove|\btell us|\bsuggest|\bwarum|\bgrund|\bpourquoi|"
    r"\bpor qu|"
    r"\bdo better|\bshare (more|your)",
}  # fmt: skip
