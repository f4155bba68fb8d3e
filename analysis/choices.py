"""What a plan means for one study: which scale is which, and which index makes the blueprint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.errors import PlanError, shown
from analysis.plan import AnalysisPlan
from analysis.ratings import RatingMatrix, StudyData
from analysis.scales import RatingScale
from analysis.tasks import drop_not_performed

# A scale called exactly so is taken first, then the only one whose code holds the stem.
IMPORTANCE_NAMES = ("importance", "importan")
FREQUENCY_NAMES = ("frequency", "freq")


@dataclass(frozen=True)
class Choices:
    """A plan applied to a study.

    Parameters
    ----------
    matrices : dict of RatingMatrix
        All scales; those asked of performers only are without the ratings of non-performers.
    importance, frequency : str or None
        Codes of the two scales; ``None`` if the study has no such scale.
    performing : str or None
        Code of the scale that tells who performs a task: frequency, else importance if one of its
        anchors means "not performed".
    index : str or None
        Task index of the blueprint; ``None`` without an importance scale.
    not_performed : float or None
        What "not performed" counts as on the frequency scale.
    sentences : tuple of str
        What was worked out rather than named in the plan, in words.
    """

    matrices: dict[str, RatingMatrix]
    importance: str | None
    frequency: str | None
    performing: str | None
    index: str | None
    not_performed: float | None
    sentences: tuple[str, ...]

    @property
    def importance_matrix(self) -> RatingMatrix | None:
        """Importance ratings of performers, or ``None``."""
        return None if self.importance is None else self.matrices[self.importance]

    @property
    def frequency_matrix(self) -> RatingMatrix | None:
        """Frequency ratings, or ``None``."""
        return None if self.frequency is None else self.matrices[self.frequency]


def make_choices(data: StudyData, plan: AnalysisPlan) -> Choices:
    """Return what the plan means for this study.

    Raises
    ------
    PlanError
        If the plan names a scale the study lacks, or an index whose scales it lacks.
    """
    scales = data.scales
    importance = plan.importance_scale or find_scale(scales, IMPORTANCE_NAMES)
    frequency = plan.frequency_scale or find_scale(scales, FREQUENCY_NAMES)
    if importance == frequency:
        frequency = None
    _require_scales(scales, [importance, frequency, *(cut.scale for cut in plan.retention)])
    _require_free_name(scales, frequency)
    index = _choose_index(plan, importance, frequency)
    return Choices(
        matrices=_performers_only(data.matrices, frequency),
        importance=importance,
        frequency=frequency,
        performing=frequency or _with_not_performed(scales, importance),
        index=index,
        not_performed=0.0 if plan.non_performers == "zero" else None,
        sentences=_sentences(plan, importance, frequency, index),
    )


def find_scale(scales: Mapping[str, RatingScale], names: tuple[str, str]) -> str | None:
    """Return the code of the scale that bears a name, or ``None`` if none or several do.

    Parameters
    ----------
    names : tuple of str
        The whole name, and the stem of which only one scale's code may hold a piece.
    """
    exact = [code for code in scales if code.strip().casefold() == names[0]]
    alike = exact or [code for code in scales if names[1] in code.casefold()]
    return alike[0] if len(alike) == 1 else None


def _require_scales(scales: Mapping[str, RatingScale], codes: list[str | None]) -> None:
    unknown = sorted({code for code in codes if code is not None and code not in scales})
    if unknown:
        raise PlanError(
            f"The plan names the scale(s) {shown(unknown)}, which the study does not have; "
            f"its scales are: {shown(list(scales), limit=20) or 'none'}."
        )


def _require_free_name(scales: Mapping[str, RatingScale], frequency: str | None) -> None:
    if frequency is not None and f"{frequency}_performers" in scales:
        raise PlanError(f"The scale code '{frequency}_performers' names a row of results; rename that scale.")


def _performers_only(matrices: dict[str, RatingMatrix], frequency: str | None) -> dict[str, RatingMatrix]:
    if frequency is None:
        return dict(matrices)
    often = matrices[frequency]
    return {code: m if code == frequency else drop_not_performed(m, often) for code, m in matrices.items()}


def _with_not_performed(scales: Mapping[str, RatingScale], code: str | None) -> str | None:
    return code if code is not None and scales[code].not_performed_code else None


def _choose_index(plan: AnalysisPlan, importance: str | None, frequency: str | None) -> str | None:
    if plan.index is None:
        return None if importance is None else "importance" if frequency is None else "product_of_means"
    if importance is None:
        raise PlanError(f"The index {plan.index!r} needs an importance scale; name it in importance_scale.")
    if frequency is None and plan.index != "importance" and not plan.index.startswith("rasch_"):
        raise PlanError(f"The index {plan.index!r} needs a frequency scale; name it in frequency_scale.")
    return plan.index


def _sentences(plan: AnalysisPlan, importance: str | None, frequency: str | None, index: str | None) -> tuple[str, ...]:
    said = []
    for role, named, found in (
        ("importance", plan.importance_scale, importance),
        ("frequency", plan.frequency_scale, frequency),
    ):
        if named is None:
            text = "no scale, as no single one bears the name" if found is None else f"the scale {found!r}, by its name"
            said.append(f"{role.capitalize()} is {text} (the plan names none).")
    if plan.index is None and index is not None:
        said.append(f"The task index is {index} (the plan names none).")
    return tuple(said)
