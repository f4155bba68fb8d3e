"""The arithmetic behind the blueprint sheet, done once in Python for the cached values.

It mirrors the formulas of the Calculation sheet column by column. Where it does not give the
numbers the analysis gave (a minimum was applied, the panel decided otherwise), the sheet keeps
the analysis' numbers and says so: the workbook never shows a second opinion as the result.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from jta.exports.book import DOMAIN, SUBDOMAIN, BlueprintBook, BlueprintLine

TOLERANCE = 1e-9
TIE_DECIMALS = 9


@dataclass(frozen=True)
class Share:
    """One line's part in largest remainder.

    ``rank`` orders the remainders, the largest first; equal ones (to 9 decimals) keep the order
    of the lines. ``tied`` marks lines whose item was decided by that order alone.
    """

    quota: float
    whole: int
    remainder: float
    rank: int
    extra: int
    tied: bool

    @property
    def items(self) -> int:
        """Whole part and the item of the remainder."""
        return self.whole + self.extra


@dataclass(frozen=True)
class Working:
    """One blueprint line with every step from task weights to items.

    ``position`` is its row on the Blueprint sheet, where subdomains stand under their domain;
    ``step`` its row on the Calculation sheet, where all domains come first: there a group of
    lines that share items is a range of its own, so that no formula can run in a circle.
    ``parent`` and ``children`` are positions, ``siblings`` the first and last step of the group.
    ``basis`` is what the empirical weight is the share of; ``None`` where the weights are not a
    plain sum or mean of the task weights.
    """

    line: BlueprintLine
    position: int
    step: int
    parent: int | None
    children: tuple[int, ...]
    siblings: tuple[int, int]
    task_sum: float
    n_tasks: int
    basis: float | None
    used_weight: float
    group_weight: float
    to_share: int
    left_over: int
    share: Share
    live: bool


def largest_remainder(weights: Sequence[float], total: int) -> tuple[Share, ...]:
    """Share ``total`` items by largest remainder, ties to the earlier line.

    Weights need not sum to 1; if they sum to 0 every quota is 0.
    """
    whole_weight = sum(weights)
    quotas = [weight / whole_weight * total if whole_weight > 0 else 0.0 for weight in weights]
    whole = [math.floor(quota + TOLERANCE) for quota in quotas]
    # Adding 0.0 turns -0.0 into 0.0, as the spreadsheet has it.
    remainders = [round(q - w, TIE_DECIMALS) + 0.0 for q, w in zip(quotas, whole, strict=True)]
    left_over = total - sum(whole)
    order = sorted(range(len(quotas)), key=lambda i: (-remainders[i], i))
    ranks = {line: rank for rank, line in enumerate(order, start=1)}
    return tuple(
        Share(q, w, r, ranks[i], int(ranks[i] <= left_over), _is_tied(r, remainders, left_over))
        for i, (q, w, r) in enumerate(zip(quotas, whole, remainders, strict=True))
    )


def _is_tied(own: float, remainders: Sequence[float], left_over: int) -> bool:
    """Tell whether lines with this remainder got different numbers of extra items."""
    larger = sum(r > own for r in remainders)
    return larger < left_over < larger + sum(r == own for r in remainders)


def work_out(book: BlueprintBook) -> tuple[Working, ...]:
    """Return the lines in the order of the Blueprint sheet (each domain, then its subdomains)."""
    lines = order_lines(book.lines)
    families = _families(lines)
    bases = _bases_by_position(book, lines)
    by_level = sorted(range(len(lines)), key=lambda i: lines[i].level != DOMAIN)
    steps = {position: step for step, position in enumerate(by_level)}
    done: dict[int, Working] = {}
    for parent, siblings in families.items():
        to_share = book.items if parent is None else lines[parent].items
        weights = [used_weight(lines[i]) for i in siblings]
        shares = largest_remainder(weights, to_share)
        live = _agrees([lines[i] for i in siblings], shares)
        for i, weight, share in zip(siblings, weights, shares, strict=True):
            tasks = _task_weights(book, lines[i])
            done[i] = Working(
                line=lines[i],
                position=i,
                step=steps[i],
                parent=parent,
                children=families.get(i, ()),
                siblings=(steps[siblings[0]], steps[siblings[-1]]),
                task_sum=math.fsum(tasks),
                n_tasks=len(tasks),
                basis=bases[i],
                used_weight=weight,
                group_weight=sum(weights),
                to_share=to_share,
                left_over=to_share - sum(s.whole for s in shares),
                share=share,
                live=live,
            )
    return tuple(done[position] for position in range(len(lines)))


def order_lines(lines: Sequence[BlueprintLine]) -> tuple[BlueprintLine, ...]:
    """Return each domain followed by its subdomains; both keep the order they came in."""
    domains = [line for line in lines if line.level == DOMAIN]
    return tuple(
        line
        for domain in domains
        for line in (domain, *(x for x in lines if x.level == SUBDOMAIN and x.parent_code == domain.code))
    )


def used_weight(line: BlueprintLine) -> float:
    """Return the weight that counts: the approved one, else the proposed one."""
    return line.proposed_weight if line.approved_weight is None else line.approved_weight


def _families(lines: Sequence[BlueprintLine]) -> dict[int | None, tuple[int, ...]]:
    """Return positions of lines by position of their parent (``None`` for the domains)."""
    families: dict[int | None, list[int]] = {None: []}
    parent: int | None = None
    for position, line in enumerate(lines):
        if line.level == DOMAIN:
            parent = position
            families[None].append(position)
        else:
            families.setdefault(parent, []).append(position)
    return {key: tuple(positions) for key, positions in families.items()}


def _agrees(lines: Sequence[BlueprintLine], shares: Sequence[Share]) -> bool:
    """Tell whether plain largest remainder is what gave these lines their items."""
    return all(
        line.allocation_note is None
        and share.items == line.items
        and math.isclose(share.quota, line.quota, rel_tol=0, abs_tol=TOLERANCE)
        for line, share in zip(lines, shares, strict=True)
    )


def _task_weights(book: BlueprintBook, line: BlueprintLine) -> list[float]:
    if line.level == DOMAIN:
        return [task.weight for task in book.details if task.domain_code == line.code]
    return [
        task.weight
        for task in book.details
        if task.domain_code == line.parent_code and task.subdomain_code == line.code
    ]


def _bases_by_position(book: BlueprintBook, lines: Sequence[BlueprintLine]) -> list[float | None]:
    """Return what each line's empirical weight is a share of; ``None`` for a level where it is not."""
    found: dict[int, float] = {}
    levels = (DOMAIN, SUBDOMAIN) if book.weight_rule in ("sum", "mean") else ()
    for level in levels:
        places = [i for i, line in enumerate(lines) if line.level == level]
        chosen = [lines[i] for i in places]
        bases = _bases(book, chosen)
        if _explains(bases, chosen):
            found |= dict(zip(places, bases, strict=True))
    return [found.get(i) for i in range(len(lines))]


def _bases(book: BlueprintBook, lines: Sequence[BlueprintLine]) -> list[float]:
    """Return the sum (or mean, by the book's rule) of each line's task weights."""
    weights = [_task_weights(book, line) for line in lines]
    return [math.fsum(w) / (len(w) if book.weight_rule == "mean" and w else 1) for w in weights]


def _explains(bases: Sequence[float], lines: Sequence[BlueprintLine]) -> bool:
    """Tell whether the shares of ``bases`` are the empirical weights of the lines."""
    total = math.fsum(bases)
    return total > 0 and all(
        line.empirical_weight is not None
        and math.isclose(basis / total, line.empirical_weight, rel_tol=0, abs_tol=TOLERANCE)
        for basis, line in zip(bases, lines, strict=True)
    )
