"""The one way a set of ratings is written down to be recognised again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from analysis.scales import RatingScale

if TYPE_CHECKING:
    from analysis.ratings import RatingMatrix, StudyData

# Respondents whose lines are put together at a time.
HASHED_ROWS = 1024


def hash_ratings(matrices: Mapping[str, RatingMatrix]) -> str:
    """Return the SHA-256 of the ratings.

    Each rating is one line, the JSON array ``["respondent","task","scale","anchor"]`` without blanks,
    non-ASCII characters as they are, encoded in UTF-8 and ended by a line feed. Lines are sorted by
    respondent, task and scale (by code point). Order of rows in the source, unanswered cells,
    labels and background answers do not matter.

    Returns
    -------
    str of 64 hexadecimal digits
    """
    digest = hashlib.sha256()
    if not matrices:
        return digest.hexdigest()
    every = list(matrices.values())
    cells = [(task, m.scale) for m in every for task in every[0].tasks]
    order = sorted(range(len(cells)), key=lambda i: (cells[i][0], cells[i][1].code))
    ends = _line_ends([cells[i] for i in order])
    sequence = sorted(range(len(every[0].respondents)), key=every[0].respondents.__getitem__)
    for start in range(0, len(sequence), HASHED_ROWS):
        rows = sequence[start : start + HASHED_ROWS]
        block = np.concatenate([m.codes[rows] for m in every], axis=1)[:, order]
        for respondent, codes in zip(every[0].respondents[rows], block, strict=True):
            given = np.flatnonzero(codes)
            head = f"[{_json(respondent)},".encode()
            digest.update(b"".join([head, head.join(ends[given, codes[given]].tolist())] if given.size else []))
    return digest.hexdigest()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _line_ends(cells: list[tuple[str, RatingScale]]) -> npt.NDArray[np.object_]:
    """Return the end of the line of each cell and anchor, shape (cells, most anchors + 1)."""
    ends = np.full((len(cells), 1 + max((len(s.anchors) for _, s in cells), default=0)), b"", dtype=np.object_)
    for i, (task, scale) in enumerate(cells):
        for k, anchor in enumerate(scale.anchors, 1):
            ends[i, k] = f"{_json(task)},{_json(scale.code)},{_json(anchor.code)}]\n".encode()
    return ends


def hash_study(data: StudyData) -> str:
    """Return the SHA-256 of everything the analysis reads: ratings, scales, tasks, background, forms.

    Respondents count in the order of their codes, tasks in the order of their table.
    """
    digest = hashlib.sha256(data.data_hash.encode())
    background = data.respondents
    if background is not None:
        background = background.sort_values("respondent_id", kind="stable")
    scales = [matrix.scale.to_dict() for matrix in data.matrices.values()]
    digest.update(_json(sorted(scales, key=lambda scale: str(scale["code"]))).encode())
    for frame in (data.tasks, background, data.population, data.forms):
        parts = None if frame is None else [list(frame.columns), frame.astype(object).values.tolist()]
        digest.update(_json(parts).encode())
    return digest.hexdigest()
