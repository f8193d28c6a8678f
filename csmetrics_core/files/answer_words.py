"""Answers of surveys in words, as they stand on the scales people offer: which number each word is."""

from collections.abc import Iterable
from typing import NamedTuple

from csmetrics_core.files.languages import folded

#: The attribute of a frame that keeps which of its columns were words, and the highest answer of their scale.
IN_WORDS = "highest answer of columns read from words"


class WordScale(NamedTuple):
    """The numbers of the words of one scale, and its highest answer."""

    numbers: dict[str, int]
    top: int


def _scale(*steps: str) -> WordScale:
    """A scale from its lowest answer to its highest; words for the same answer are parted by |."""
    numbers = {folded(word): step for step, words in enumerate(steps, start=1) for word in words.split("|") if word}
    return WordScale(numbers, len(steps))


# A word is the same number in every file, whichever others stand beside it: effort is told on seven steps, with or
# without those that begin with "somewhat", satisfaction on five. An empty step is one that no word stands for.
_SCALES = (
    _scale("very dissatisfied|very unsatisfied|extremely dissatisfied|extremely unsatisfied|completely dissatisfied",
           "dissatisfied|unsatisfied|somewhat dissatisfied|somewhat unsatisfied",
           "neutral|neither|neither satisfied nor dissatisfied|neither satisfied nor unsatisfied",
           "satisfied|somewhat satisfied", "very satisfied|extremely satisfied|completely satisfied"),
    _scale("bad|bad, i'm unsatisfied|unsatisfied|dissatisfied|unhappy|negative|not good|thumbs down|👎|🙁|😞|😡", "",
           "okay|ok|neutral|😐", "", "good|good, i'm satisfied|satisfied|happy|positive|great|thumbs up|👍|🙂|😀|😃"),
    _scale("very poor|terrible|very bad|awful", "poor|bad", "fair|average|okay|ok|neutral", "good",
           "very good|excellent|great"),
    _scale("poor|terrible", "fair", "good", "very good", "excellent"),
    _scale("strongly disagree", "disagree", "somewhat disagree|slightly disagree",
           "neutral|neither|neither agree nor disagree|undecided", "somewhat agree|slightly agree", "agree",
           "strongly agree"),
    _scale("very difficult|very hard|extremely difficult", "difficult|hard", "somewhat difficult|slightly difficult",
           "neutral|neither|neither easy nor difficult|neither difficult nor easy", "somewhat easy|slightly easy",
           "easy", "very easy|extremely easy"),
    _scale("sehr unzufrieden", "unzufrieden|eher unzufrieden", "neutral|teils teils|teils/teils|weder noch",
           "zufrieden|eher zufrieden", "sehr zufrieden"),
    _scale("stimme überhaupt nicht zu|stimme gar nicht zu|trifft überhaupt nicht zu|trifft gar nicht zu",
           "stimme nicht zu|trifft nicht zu", "stimme eher nicht zu|trifft eher nicht zu",
           "neutral|teils teils|teils/teils|weder noch", "stimme eher zu|trifft eher zu", "stimme zu|trifft zu",
           "stimme voll zu|stimme voll und ganz zu|stimme völlig zu|trifft voll zu|trifft voll und ganz zu"),
    _scale("sehr schwierig|sehr schwer", "schwierig|schwer", "eher schwierig|eher schwer", "neutral|weder noch",
           "eher einfach|eher leicht", "einfach|leicht", "sehr einfach|sehr leicht"),
    _scale("très insatisfait|très insatisfait(e)", "insatisfait|insatisfait(e)|plutôt insatisfait",
           "neutre|ni satisfait ni insatisfait|sans opinion", "satisfait|satisfait(e)|plutôt satisfait",
           "très satisfait|très satisfait(e)"),
    _scale("pas du tout d'accord|tout à fait en désaccord", "pas d'accord|en désaccord", "plutôt pas d'accord",
           "neutre|ni d'accord ni pas d'accord|sans opinion", "plutôt d'accord", "d'accord", "tout à fait d'accord"),
    _scale("muy insatisfecho|muy insatisfecha", "insatisfecho|insatisfecha", "neutral|ni satisfecho ni insatisfecho",
           "satisfecho|satisfecha", "muy satisfecho|muy satisfecha"),
    _scale("totalmente en desacuerdo|muy en desacuerdo", "en desacuerdo", "",
           "neutral|ni de acuerdo ni en desacuerdo", "", "de acuerdo", "totalmente de acuerdo|muy de acuerdo"),
    _scale("molto insoddisfatto", "insoddisfatto", "neutrale|né soddisfatto né insoddisfatto", "soddisfatto",
           "molto soddisfatto"),
    _scale("muito insatisfeito", "insatisfeito", "neutro|nem satisfeito nem insatisfeito", "satisfeito",
           "muito satisfeito"),
    _scale("zeer ontevreden", "ontevreden", "neutraal", "tevreden", "zeer tevreden"),
)  # fmt: skip

#: Groups of answers to the question about recommending, and an answer of each: NPS needs no more of one.
NPS_GROUPS: dict[str, int] = {
    folded(word): answer
    for answer, words in (
        (10, "promoter|promoters|promoteur|promotor|promotores|promotore"),
        (8, "passive|passives|passiv|passif|pasivo|passivo|neutral|neutro|indifferent|indifferenter"),
        (0, "detractor|detractors|détracteur|detraktor|kritiker|detrator|detrattore|criticaster"),
    )
    for word in words.split("|")
}


def scale_of_words(words: Iterable[str]) -> WordScale | None:
    """The scale on which all of some answers stand; None where none holds them, or several that disagree.

    A scale with one word a step is meant: where two words of a column are the same step of a scale, it is not that one.

    Example:
        >>> scale_of_words(["Agree", "Strongly disagree"]).numbers["agree"]
        6
        >>> scale_of_words(["Satisfied", "Dissatisfied"]).top, scale_of_words(["Good"]), scale_of_words(["Green"])
        (5, None, None)
    """
    found = {folded(word.strip()) for word in words}
    fitting = [scale for scale in _SCALES if found <= scale.numbers.keys()]
    fitting = [scale for scale in fitting if len({scale.numbers[word] for word in found}) == len(found)]
    told = {(scale.top, *(scale.numbers[word] / scale.top > 0.6 for word in sorted(found))) for scale in fitting}
    return fitting[0] if found and len(told) == 1 else None
