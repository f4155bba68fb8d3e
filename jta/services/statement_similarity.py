"""How alike statements are: TF-IDF cosine over the whole list finds candidates, rapidfuzz compares their wording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jta.services.statement_rules import Remark, Text, words_of

if TYPE_CHECKING:
    import numpy as np

LONGEST_LIST = 5_000  # statements; the comparison takes memory and time with the square of the list
CANDIDATE = 0.35  # cosine from which wording is compared
_STOP = frozenset(
    {
        "a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "in", "into", "is", "it", "its", "of", "on",
        "or", "that", "the", "their", "them", "this", "to", "with", "who", "which", "so", "each", "all", "any",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Alike:
    """Two statements and how alike they are, 0 to 1: the mean of the TF-IDF cosine and the match of their words."""

    one: int
    other: int
    score: float


def stem(word: str) -> str:
    """Return a word without the commonest endings, so that "policies" meets "policy".

    >>> [stem(w) for w in ("policies", "budgets", "planning", "plan")]
    ['policy', 'budget', 'plann', 'plan']
    """
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + instead
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


@lru_cache(maxsize=20_000)
def _terms(statement: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in words_of(statement) if word not in _STOP)


def cosines(lists: Sequence[Sequence[str]]) -> Any:
    """Return the sparse matrix of TF-IDF rows of all statements of some lists, one below the other, of length 1.

    Terms are stemmed words without the commonest ones. A term weighs its count times ln((1 + n) / (1 + df)) + 1, the
    smoothed form that scikit-learn takes; written out here because loading that library takes longer than the work.
    Statements without a term have an empty row; None where no statement has one.
    """
    import numpy as np
    from scipy import sparse

    counts = [Counter(_terms(statement)) for one in lists for statement in one]
    column = {term: place for place, term in enumerate(sorted({term for count in counts for term in count}))}
    if not column:
        return None
    places = [column[term] for count in counts for term in count]
    weights = np.array([times for count in counts for times in count.values()], dtype=float)
    starts = np.cumsum([0, *(len(count) for count in counts)])
    known_in = np.bincount(places, minlength=len(column))
    weights *= (np.log((1 + len(counts)) / (1 + known_in)) + 1)[places]
    rows = sparse.csr_array((weights, places, starts), shape=(len(counts), len(column)))
    lengths = np.sqrt(rows.multiply(rows).sum(axis=1))
    rows.data /= np.repeat(lengths, np.diff(starts))
    return rows


def match_words(one: str, other: str) -> float:
    """Return how well the words of two statements match, whatever their order, 0 to 1."""
    from rapidfuzz.fuzz import token_sort_ratio

    return float(token_sort_ratio(" ".join(_terms(one)), " ".join(_terms(other)))) / 100


def find_alike(statements: Sequence[str], least: float = 0.72) -> list[Alike]:
    """Return the pairs of a list that are alike by at least this score, the most alike first."""
    rows = cosines([statements])
    if rows is None:
        return []
    pairs = []
    for one, other, cosine in _above(rows, rows, CANDIDATE):
        if one < other:
            score = (cosine + match_words(statements[one], statements[other])) / 2
            if score >= least:
                pairs.append(Alike(one, other, score))
    return sorted(pairs, key=lambda pair: (-pair.score, pair.one, pair.other))


def match_lists(former: Sequence[str], present: Sequence[str], least: float = 0.3) -> list[Alike]:
    """Return the pairs across two lists that are alike by at least this score, the most alike first."""
    rows = cosines([former, present])
    if rows is None:
        return []
    pairs = []
    for one, other, cosine in _above(rows[: len(former)], rows[len(former) :], 0.15):
        score = (cosine + match_words(former[one], present[other])) / 2
        if score >= least:
            pairs.append(Alike(one, other, score))
    return sorted(pairs, key=lambda pair: (-pair.score, pair.one, pair.other))


def _above(left: Any, right: Any, least: float) -> list[tuple[int, int, float]]:
    """Return row, column and value of the cosines from ``least`` on, in order."""
    products = (left @ right.T).tocoo()
    keep: np.ndarray[Any, Any] = products.data >= least
    found = zip(products.row[keep].tolist(), products.col[keep].tolist(), products.data[keep].tolist(), strict=True)
    return sorted(found)


def check_duplicates(texts: Sequence[Text]) -> list[Remark]:
    """Return a remark on the later statement of each pair nearly alike: tasks with tasks, KSAs with KSAs."""
    found = []
    for is_task in (True, False):
        group = [text for text in texts if text.is_task is is_task]
        if len(group) > LONGEST_LIST:
            continue
        for pair in find_alike([text.statement for text in group]):
            one, other = group[pair.one], group[pair.other]
            found.append(
                Remark(other.code, "duplicate", f"{100 * pair.score:.0f} % like {one.code}: {one.statement}", one.code)
            )
    return found
