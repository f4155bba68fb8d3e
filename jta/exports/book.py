"""What the blueprint workbook is made of: plain, frozen values and nothing else.

A caller (the blueprint service, the ``analyze`` command) fills a `BlueprintBook`; the writer
turns it into the bytes of a workbook. Weights are fractions (0.40, never 40) and unrounded.
``None`` always means "this does not exist in the study": an optional column of which every
value is ``None`` is left out of its sheet and named in Read me.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from jta.exports.book_parts import (
    Area,
    CognitiveMatrix,
    CrosswalkRow,
    ExcludedLine,
    GroupLine,
    MethodLine,
    ProfileLine,
    ReferenceLine,
    Shown,
)

DOMAIN = "domain"
SUBDOMAIN = "subdomain"


class BookError(ValueError):
    """A book that cannot be written as a workbook; the message says what is wrong."""


@dataclass(frozen=True)
class BlueprintLine:
    """One content domain of the blueprint: a domain, or a subdomain of one.

    Weights of all domains sum to 1, and so do the weights of all subdomains: a subdomain's
    weight is its share of the whole exam, not of its domain. ``quota`` is the unrounded number
    of items: of the form length for a domain, of its domain's whole items for a subdomain.
    ``allocation_note`` says why ``items`` is not plain largest remainder (a minimum, a maximum,
    a decision of the panel); it is ``None`` where largest remainder alone gave the number.
    """

    code: str
    name: str
    level: str
    parent_code: str | None
    n_tasks: int
    empirical_weight: float | None
    proposed_weight: float
    quota: float
    items: int
    ci_low: float | None = None
    ci_high: float | None = None
    approved_weight: float | None = None
    minimum: int | None = None
    maximum: int | None = None
    scored: int | None = None
    pretest: int | None = None
    former_weight: float | None = None
    rationale: str = ""
    allocation_note: str | None = None


@dataclass(frozen=True)
class DetailLine:
    """One retained task with its place in the outline.

    ``weight`` is the task's index in its own units, unrounded; the sheet shows it as a share.
    """

    domain_code: str
    domain: str
    task_code: str
    statement: str
    weight: float
    status: str
    subdomain_code: str | None = None
    subdomain: str | None = None
    items: int | None = None
    cognitive_level: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    ksa_codes: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Measure:
    """One set of statistics: a rating scale and whose ratings are in it.

    ``title`` heads the columns ("Importance"); ``note`` says in words who is counted
    ("respondents who perform the task"). ``anchor`` is the value from which a rating counts as high.
    """

    code: str
    title: str
    note: str
    anchor: float | None = None


@dataclass(frozen=True)
class MeasureStatistics:
    """Statistics of one task on one measure; ``None`` where undefined, all of them where too few answered.

    ``high`` is the share of ratings at or above the measure's anchor, as `jta.exports.text.told_share` tells it;
    ``agreement`` the within-group agreement r_wg.
    """

    n: int | None
    mean: float | None
    sd: float | None
    se: float | None
    ci_low: float | None
    ci_high: float | None
    median: float | None
    high: Shown = None
    agreement: float | None = None


@dataclass(frozen=True)
class StatLine:
    """Everything known of one task. All tasks have one, retained or not.

    ``statistics`` is in the order of `BlueprintBook.measures`. ``decision`` is "retain",
    "review" or "drop". ``share_performing`` is as `jta.exports.text.told_share` tells it; its interval is None where
    the share is not told exactly.
    """

    task_code: str
    domain_code: str
    statement: str
    statistics: tuple[MeasureStatistics, ...]
    n_answered: int | None = None
    share_performing: Shown = None
    performing_low: float | None = None
    performing_high: float | None = None
    index: float | None = None
    rank: int | None = None
    decision: str | None = None
    reason: str | None = None
    subdomain_code: str | None = None


@dataclass(frozen=True)
class CodebookAnchor:
    """One point of a rating scale; ``value`` is ``None`` for a point without a number."""

    code: str
    label: str
    value: float | None
    not_performed: bool = False


@dataclass(frozen=True)
class CodebookScale:
    """A rating scale in words."""

    code: str
    title: str
    prompt: str
    anchors: tuple[CodebookAnchor, ...]


@dataclass(frozen=True)
class CodebookVariable:
    """One variable of the study: what it means, what it can hold, what stands for missing."""

    name: str
    meaning: str
    values: str
    missing: str


@dataclass(frozen=True)
class LedgerEntry:
    """One change or approval of the blueprint. ``who`` is a role, or a name the study may show."""

    when: datetime
    who: str
    what: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True)
class LinkLine:
    """One link of a task and a KSA by the panel, or an orphan: a task or a KSA without a link, as ``note`` says."""

    task_code: str = ""
    statement: str = ""
    ksa_code: str = ""
    ksa: str = ""
    n: int | None = None
    mean: float | None = None
    share: float | None = None
    note: str = ""


@dataclass(frozen=True)
class KsaWeightLine:
    """The weight of one KSA, a share of the whole exam; ``None`` where it has no link to a retained task."""

    code: str
    statement: str
    kind: str
    group: str
    n_tasks: int
    weight: float | None
    note: str = ""


@dataclass(frozen=True)
class BlueprintBook:
    """One blueprint, ready to be written.

    ``lines`` holds every domain and, in any order after it, its subdomains. ``respondents`` and
    ``dates`` are label and value, in the order to be shown. ``weight_rule`` says how task weights
    become empirical weights: "sum" or "mean" of the area's retained tasks, or "other" (then the
    weights are written as values). ``left_out`` names what the study does not have, one sentence
    each. ``areas`` are the domains in the order of the weights of each of ``methods``; ``run`` names the analysis.
    ``notice`` ("Simulated data: ...") appears on every sheet and every printed page.
    ``created`` is the date in the file's properties; it is never the clock, so that the same
    book is the same bytes.
    """

    study: str
    credential: str
    version: str
    status: str
    items: int
    lines: tuple[BlueprintLine, ...]
    details: tuple[DetailLine, ...]
    measures: tuple[Measure, ...]
    task_statistics: tuple[StatLine, ...]
    scales: tuple[CodebookScale, ...]
    variables: tuple[CodebookVariable, ...] = ()
    notice: str | None = None
    time_zone: str = "UTC"
    dates: tuple[tuple[str, date | datetime], ...] = ()
    respondents: tuple[tuple[str, int], ...] = ()
    method: tuple[str, ...] = ()
    method_code: str = ""
    weight_rule: str = "sum"
    confidence: float = 0.95
    data_hash: str = ""
    plan_hash: str = ""
    result_hash: str = ""
    content_hash: str = ""
    software: str = ""
    left_out: tuple[str, ...] = ()
    ledger: tuple[LedgerEntry, ...] = ()
    links: tuple[LinkLine, ...] = ()
    ksas: tuple[KsaWeightLine, ...] = ()
    matrix: CognitiveMatrix | None = None
    areas: tuple[Area, ...] = ()
    methods: tuple[MethodLine, ...] = ()
    groups: tuple[GroupLine, ...] = ()
    profile: tuple[ProfileLine, ...] = ()
    excluded: tuple[ExcludedLine, ...] = ()
    crosswalk: tuple[CrosswalkRow, ...] = ()
    references: tuple[ReferenceLine, ...] = ()
    run: str = ""
    paper: str = "letter"
    created: datetime = datetime(2000, 1, 1, tzinfo=UTC)
