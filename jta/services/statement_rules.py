"""The statement checks: plain texts in, remarks out. No database, no network; they explain and never block.

English statements only: the word lists know no other language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jta.services.statement_words import (
    ALSO_NOUNS,
    BRANDS,
    COMMON_ACRONYMS,
    DETERMINERS,
    NOT_VERB_ENDINGS,
    NOT_VERBS,
    VAGUE,
    VERBS,
)

MOST_WORDS = 28
HARDEST_GRADE = 22.0
FEWEST_WORDS = 8  # the formula says nothing of shorter sentences
SAME_START = 4  # words
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ACRONYM = re.compile(r"(?<![\w-])[A-Z][A-Z&]{1,6}s?(?![\w-])")
_DEFINED = re.compile(r"\(([A-Z][A-Z&]{1,6})s?\)")


@dataclass(frozen=True)
class RuleText:
    """A rule in words: its name, why it matters, and an example of the fix."""

    title: str
    why: str
    before: str
    after: str


RULES: dict[str, RuleText] = {
    "verb": RuleText(
        "Starts with a verb", "A task is something done. The verb says what is rated.",
        "Responsible for the budget", "Prepare the yearly budget",
    ),
    "one_idea": RuleText(
        "One idea", "Whoever does one part and not the other cannot rate the statement.",
        "Plan the budget and train the staff", "Plan the budget. / Train the staff.",
    ),
    "brand": RuleText(
        "No brand or tool names", "Products change faster than exams, and not every district has them.",
        "Configure Chromebooks", "Configure student laptops",
    ),
    "acronym": RuleText(
        "Acronyms are written out", "Not every respondent knows it, and none should guess.",
        "Review each IEP", "Review each individualized education program (IEP)",
    ),
    "reading": RuleText(
        "Easy to read", "Respondents read a hundred statements on a phone.",
        "Operationalize organizational communication methodologies", "Choose how staff are informed",
    ),
    "long": RuleText(
        "Short", f"More than {MOST_WORDS} words: the end is read without the beginning.",
        "Develop …, taking into account …, in order to …", "Leave out how and why; keep what is done to what",
    ),
    "vague": RuleText(
        "Says what is done", "The verb fits nearly any work, so ratings of it mean little.",
        "Support teachers with technology", "Train teachers to use classroom technology",
    ),
    "duplicate": RuleText(
        "Not twice", "Two statements nearly alike count double in the weights of their domain.",
        "Review the budget / Review budgets", "Keep one, or say what differs",
    ),
    "same_start": RuleText(
        "Starts unlike its neighbours", "Respondents skip words that they have just read.",
        "Review the district policy on … (three times)", "Put what differs first, or merge them",
    ),
}  # fmt: skip
OF_KSAS = ("brand", "acronym", "reading", "long", "duplicate")


@dataclass(frozen=True)
class Text:
    """A statement to be checked; ``group`` names its area, ``is_task`` whether task rules apply."""

    code: str
    statement: str
    group: str = ""
    is_task: bool = True


@dataclass(frozen=True)
class Remark:
    """One remark on a statement: the rule, what was found, and the code of the other statement where there is one."""

    code: str
    rule: str
    found: str
    other: str = ""


def words_of(statement: str) -> list[str]:
    """Return the words of a statement in lower case."""
    return [word.casefold() for word in _WORD.findall(statement)]


def check_one(text: Text, brands: Sequence[str] = BRANDS, known_acronyms: Iterable[str] = ()) -> list[Remark]:
    """Return the remarks on one statement by itself.

    >>> [r.rule for r in check_one(Text("1", "Responsible for the budget and/or handle AUP questions."))]
    ['verb', 'one_idea', 'acronym']
    """
    words = words_of(text.statement)
    found: dict[str, str] = {}
    if text.is_task:
        found |= {"verb": _verb(words), "one_idea": _one_idea(text.statement, words), "vague": _vague(words)}
    found |= {
        "brand": _brand(text.statement, brands),
        "acronym": _acronym(text.statement, frozenset(known_acronyms) | COMMON_ACRONYMS),
        "reading": _reading(words, text.statement),
        "long": f"{len(words)} words" if len(words) > MOST_WORDS else "",
    }
    return [Remark(text.code, rule, found[rule]) for rule in RULES if found.get(rule)]


def is_verb(word: str) -> bool:
    """Say whether a word is a verb of the list, in its plain form or with an -s.

    >>> is_verb("plans"), is_verb("specifies"), is_verb("planning"), is_verb("re-evaluate")
    (True, True, False, True)
    """
    stem = word.removeprefix("re-").removeprefix("co-").removeprefix("pre-")
    forms = {stem, stem.removesuffix("s"), stem.removesuffix("es"), f"{stem.removesuffix('ies')}y"}
    return not forms.isdisjoint(VERBS)


def _verb(words: Sequence[str]) -> str:
    if not words:
        return "no word to begin with"
    first = words[0]
    if is_verb(first) and first not in NOT_VERBS:
        return ""
    if first.endswith("ing") and len(first) > 5:
        return f"starts with “{first}”; use the plain verb, without -ing"
    if first.endswith("ly") and len(words) > 1 and is_verb(words[1]):
        return f"starts with “{first}”; start with “{words[1]}”"
    if first in NOT_VERBS or first.endswith(NOT_VERB_ENDINGS):
        return f"starts with “{first}”, which is not a verb"
    return "" if first.endswith(("ize", "ise", "ify", "ate")) else f"“{first}” is not known as a verb"


def _one_idea(statement: str, words: Sequence[str]) -> str:
    if ";" in statement:
        return "holds a semicolon"
    if "and/or" in statement.casefold():
        return "holds “and/or”"
    for place, word in enumerate(words[1:-1], start=1):
        if word in ("and", "or") and _second_act(words, place):
            return f"a second act: “{word} {words[place + 1]}”"
    return ""


def _second_act(words: Sequence[str], place: int) -> bool:
    """Whether a verb follows "and": a sure one, one behind the first verb, or one with something that it is done to."""
    after = words[place + 1]
    if after not in VERBS:
        return False
    behind_verb = place == 1 and words[0] in VERBS
    has_object = place + 2 < len(words) and words[place + 2] in DETERMINERS
    sure = after not in ALSO_NOUNS and not words[place - 1].endswith("ing")
    infinitive = "to" in words[max(0, place - 6) : place]  # "to plan and track": one act with two purposes
    return behind_verb or ((sure or has_object) and not infinitive and place + 2 < len(words))


def _vague(words: Sequence[str]) -> str:
    first = next((form for form in _plain_forms(words[0]) if form in VAGUE), "") if words else ""
    return f"“{first}”: {VAGUE[first]}" if first else ""


def _plain_forms(word: str) -> tuple[str, ...]:
    return word, word.removesuffix("s"), word.removesuffix("es"), f"{word.removesuffix('ies')}y"


def _brand(statement: str, brands: Sequence[str]) -> str:
    pattern = _brand_pattern(tuple(brands))
    named = []
    for match in pattern.finditer(statement) if pattern else ():
        starts = not statement[: match.start()].strip()
        if not (starts and match[0].casefold() in VERBS | {"excel", "zoom", "remind"}):
            named.append(match[0])
    return ", ".join(dict.fromkeys(named))


@lru_cache(maxsize=64)
def _brand_pattern(brands: tuple[str, ...]) -> re.Pattern[str] | None:
    words = [re.escape(brand) for brand in sorted(brands, key=len, reverse=True) if brand]
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)") if words else None


def _acronym(statement: str, known: frozenset[str]) -> str:
    own = {match[1] for match in _DEFINED.finditer(statement)}
    found = [match[0].removesuffix("s") for match in _ACRONYM.finditer(statement)]
    return ", ".join(dict.fromkeys(one for one in found if one not in known and one not in own))


def defined_acronyms(statements: Iterable[str]) -> set[str]:
    """Return the acronyms that some statement of a list writes out, as in "information system (IS)"."""
    return {match[1] for statement in statements for match in _DEFINED.finditer(statement)}


def _reading(words: Sequence[str], statement: str) -> str:
    if len(words) < FEWEST_WORDS:
        return ""
    grade = reading_grade(statement)
    return f"school grade {grade:.0f}" if grade > HARDEST_GRADE else ""


def reading_grade(statement: str) -> float:
    """Return the Flesch-Kincaid grade of a statement: 0.39 words a sentence + 11.8 syllables a word - 15.59.

    References
    ----------
    .. [1] Kincaid, J. P., Fishburne, R. P., Rogers, R. L., & Chissom, B. S. (1975). Derivation of new readability
       formulas for Navy enlisted personnel. Naval Technical Training Command.
    """
    words = words_of(statement)
    if not words:
        return 0.0
    sentences = max(1, len(re.findall(r"[.!?]+(?=\s|$)", statement)))
    syllables = sum(count_syllables(word) for word in words)
    return 0.39 * len(words) / sentences + 11.8 * syllables / len(words) - 15.59


@lru_cache(maxsize=20_000)
def count_syllables(word: str) -> int:
    """Return the syllables of an English word: the more of its places to hyphenate and its groups of vowels.

    >>> [count_syllables(w) for w in ("area", "vision", "superintendent", "the", "make")]
    [2, 2, 5, 1, 1]
    """
    groups = len(re.findall(r"[aeiouy]+", word))
    silent = word.endswith("e") and not word.endswith(("le", "ee")) and groups > 1
    return max(1, groups - silent, len(_hyphenation().positions(word)) + 1)


@lru_cache(maxsize=1)
def _hyphenation() -> Any:
    import pyphen

    return pyphen.Pyphen(lang="en_US")


def check_starts(texts: Sequence[Text]) -> list[Remark]:
    """Return a remark on each task statement whose first four words are those of an earlier one of its area."""
    first: dict[tuple[str, ...], str] = {}
    found = []
    for text in texts:
        words = words_of(text.statement)
        if not text.is_task or len(words) <= SAME_START:
            continue
        start = tuple(words[:SAME_START])
        other = first.setdefault((text.group, *start), text.code)
        if other != text.code:
            found.append(Remark(text.code, "same_start", f"“{' '.join(start)} …”, as {other}", other))
    return found
