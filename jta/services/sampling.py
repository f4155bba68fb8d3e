"""Matrix sampling as it meets a respondent: which form somebody gets, and in which order domains and tasks come.

`order_for` is a plain function of the frozen content, the form and the stored seed: the same pages on every device
and at every visit.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import func, select

from jta.db import db
from jta.models.response import Response
from jta.models.study import Study
from jta.services.content import blocks_of_form, form_codes, is_shown, sampling_of
from jta.services.instrument_steps import BY_STRATUM

TASKS_PER_PAGE = 10
_LARGEST_SEED = 2**31 - 1


def new_seed() -> int:
    """Return a random seed for a response; 0 stands for the order of the inventory."""
    return secrets.randbelow(_LARGEST_SEED) + 1


def assign_form(
    content: Mapping[str, Any], study_id: int, stratum_id: int | None, *, is_pilot: bool = False
) -> str | None:
    """Return the form that the next respondent gets: the one fewest have so far.

    Call it inside the transaction that adds the response. The study's row is held until its end, so that two people
    who start at the same moment take turns; responses withdrawn or screened out free their place. With assignment "by
    stratum" the fewest of this stratum count, and ties go by the whole study; then by the order of the forms.

    Parameters
    ----------
    content : mapping
        Content of the instrument.
    study_id : int
        The study.
    stratum_id : int, optional
        Stratum of the respondent.
    is_pilot : bool
        Whether the pilot's responses are the ones to balance.

    Returns
    -------
    str or None
        None where every respondent sees all tasks.
    """
    codes = form_codes(content)
    if not codes:
        return None
    # "No key": an update of other columns, so that saving answers, which refers to the study, need not wait.
    db.session.execute(select(Study.id).where(Study.id == study_id).with_for_update(key_share=True))
    found = select(Response.form_code, Response.stratum_id, func.count()).where(
        Response.study_id == study_id, Response.is_pilot.is_(is_pilot), Response.withdrawn_at.is_(None),
        Response.screened_out_at.is_(None),
    )  # fmt: skip
    rows = db.session.execute(found.group_by(Response.form_code, Response.stratum_id)).all()
    by_stratum = (sampling_of(content) or {}).get("assignment") == BY_STRATUM
    mine = {code: 0 for code in codes}
    everybody = dict(mine)
    for code, stratum, count in rows:
        if code in everybody:
            everybody[code] += count
            mine[code] += count if by_stratum and stratum == stratum_id else 0
    return min(codes, key=lambda code: (mine[code], everybody[code], codes.index(code)))


def order_for(content: Mapping[str, Any], form_code: str | None, seed: int) -> list[dict[str, Any]]:
    """Return the pages of cards for one respondent, numbered from 1, at most 10 tasks each and of one domain.

    Only tasks of the form are in it. Domains, and subdomains with their tasks, are put into a random order drawn from
    the seed where the survey asks for it; cards of a subdomain stay together. Without forms and random order these
    are the instrument's own pages.

    Parameters
    ----------
    content : mapping
        Content of the instrument.
    form_code : str or None
        As stored with the response.
    seed : int
        As stored with the response; 0 keeps the order of the inventory.
    """
    sampling = sampling_of(content)
    if sampling is None:
        return list(content["pages"])
    blocks = blocks_of_form(content, form_code)
    draw = random.Random(seed)  # noqa: S311  an order of cards is no secret
    domains = _domains(content, blocks)
    if seed and sampling["shuffle_domains"]:
        draw.shuffle(domains)
    if seed and sampling["shuffle_tasks"]:
        domains = [(domain, _shuffled(tasks, draw)) for domain, tasks in domains]
    return _pages(domains)


Domains = list[tuple[Mapping[str, Any], list[Mapping[str, Any]]]]


def _domains(content: Mapping[str, Any], blocks: frozenset[str] | None) -> Domains:
    """Each content domain with its tasks on this form; domains without any are left out."""
    found: Domains = []
    for page in content["pages"]:
        if not found or found[-1][0]["code"] != page["domain"]["code"]:
            found.append((page["domain"], []))
        found[-1][1].extend(task for task in page["tasks"] if is_shown(task, blocks))
    return [(domain, tasks) for domain, tasks in found if tasks]


def _shuffled(tasks: Sequence[Mapping[str, Any]], draw: random.Random) -> list[Mapping[str, Any]]:
    runs = [list(run) for _, run in groupby(tasks, key=lambda task: task.get("subdomain") or "")]
    draw.shuffle(runs)
    for run in runs:
        draw.shuffle(run)
    return [task for run in runs for task in run]


def _pages(domains: Domains) -> list[dict[str, Any]]:
    cut = [
        (domain, tasks[start : start + TASKS_PER_PAGE])
        for domain, tasks in domains
        for start in range(0, len(tasks), TASKS_PER_PAGE)
    ]
    return [{"number": n, "domain": domain, "tasks": tasks} for n, (domain, tasks) in enumerate(cut, start=1)]
