"""Reading an instrument's content: plain functions of its JSON, of version 1 (older launches) and of version 2.

Version 1 knew one page of background questions and the cards. `steps_of` shows it as the steps that it had, so that
nobody else need know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Content = Mapping[str, Any]
Step = Mapping[str, Any]
VERSION = 2
SECONDS_PER_RATING = 7
SECONDS_PER_QUESTION = 10
SECONDS_PER_TEXT = 45
SECONDS_FOR_THE_REST = 60  # welcome, consent, reading, sending in
DATA_KINDS = ("single", "agreement")  # what groups respondents in an analysis: one choice each, never a text
_QUESTION = {
    "kind": "single", "required": False, "minimum": None, "maximum": None, "longest": None, "role": "",
    "is_stratum": False,
}  # fmt: skip


def steps_of(content: Content) -> list[Step]:
    """Return the steps of a survey in order: ``id``, ``kind``, ``title``, ``intro`` and what their kind needs."""
    if content.get("version", 1) >= VERSION:
        return list(content["steps"])
    steps = [_step(1, "welcome", "Welcome")]
    if content.get("background"):
        questions = [_question(q) for q in content["background"]]
        steps.append(_step(2, "questions", "About you") | {"questions": questions})
    scales = [scale["code"] for scale in content.get("scales", ())]
    steps.append(_step(3, "ratings", "Your work") | {"scales": scales})
    return [*steps, _step(4, "thanks", "Thank you")]


def _step(key: int, kind: str, title: str) -> dict[str, Any]:
    return {"id": key, "kind": kind, "title": title, "intro": ""}


def _question(question: Mapping[str, Any]) -> dict[str, Any]:
    choices = [{"screens_out": False, "stratum": None, **choice} for choice in question["choices"]]
    return {**_QUESTION, **question, "choices": choices}


def step_of_kind(content: Content, kind: str) -> Step | None:
    """Return the first step of a kind, or None."""
    return next((step for step in steps_of(content) if step["kind"] == kind), None)


def questions_of(content: Content) -> list[Mapping[str, Any]]:
    """Return every question of a survey in order, screeners included."""
    return [question for step in steps_of(content) for question in step.get("questions", ())]


def background_of(content: Content) -> list[Mapping[str, Any]]:
    """Return the questions by whose answers an analysis groups respondents: one choice, none about the list itself."""
    return [q for q in questions_of(content) if q["kind"] in DATA_KINDS and q["role"] == ""]


def scales_of(content: Content, use: str = "task") -> list[Mapping[str, Any]]:
    """Return the scales on which task statements (``task``) or knowledge and skill statements (``ksa``) are rated."""
    return [scale for scale in content["scales"] if scale.get("use", "task") == use]


def sampling_of(content: Content) -> Mapping[str, Any] | None:
    """Return the settings of matrix sampling and random order, or None."""
    found: Mapping[str, Any] | None = content.get("sampling")
    return found


def form_codes(content: Content) -> list[str]:
    """Return the codes of the forms in order; none where every respondent sees all tasks."""
    return [form["code"] for form in (sampling_of(content) or {}).get("forms", ())]


def blocks_of_form(content: Content, form_code: str | None) -> frozenset[str] | None:
    """Return the codes of the blocks on a form, or None where every task is shown."""
    forms = {form["code"]: form["blocks"] for form in (sampling_of(content) or {}).get("forms", ())}
    return frozenset(forms[form_code]) if form_code in forms else None


def is_shown(task: Mapping[str, Any], blocks: frozenset[str] | None) -> bool:
    """Say whether a task is on a form with these blocks; a task without a block is on every form."""
    return blocks is None or task.get("block") is None or task["block"] in blocks


def tasks_of(content: Content, form_code: str | None = None) -> list[Mapping[str, Any]]:
    """Return the tasks of a survey in order, or those of one form."""
    blocks = blocks_of_form(content, form_code)
    return [task for page in content["pages"] for task in page["tasks"] if is_shown(task, blocks)]


def estimate_seconds(content: Content, form_code: str | None = None) -> int:
    """Return the seconds to expect for a survey or one form of it: a rule of thumb, not a measurement.

    Seven seconds for a rating of a task or a statement, ten for a question, 45 for a text, 10 for each domain that
    points are given to, and a minute for the rest.
    """
    seconds = SECONDS_FOR_THE_REST + len(tasks_of(content, form_code)) * len(scales_of(content)) * SECONDS_PER_RATING
    for step in steps_of(content):
        # Background questions of an older launch were part of its minute for the rest.
        if content.get("version", 1) >= VERSION:
            seconds += sum(seconds_of_question(question) for question in step.get("questions", ()))
        seconds += len(step.get("statements", ())) * len(step.get("scales", ())) * SECONDS_PER_RATING
        seconds += len(step.get("domains", ())) * SECONDS_PER_QUESTION
    return seconds


def seconds_of_question(question: Mapping[str, Any]) -> int:
    """Return the seconds to expect for a question."""
    return SECONDS_PER_TEXT if question["kind"] == "text" else SECONDS_PER_QUESTION


def estimate_minutes(content: Content) -> int:
    """Return the minutes a respondent needs, rounded up; with forms, those of the longest."""
    forms: Sequence[str | None] = form_codes(content) or [None]
    return max(-(-estimate_seconds(content, form) // 60) for form in forms)


def survey_texts(content: Content) -> dict[str, str]:
    """Return every text a director wrote, by its stable key, in the order of the survey: what a translation covers."""
    return {key: text for key, text in _texts(content) if text.strip()}


def _texts(content: Content) -> Iterator[tuple[str, str]]:
    yield "study:title", content["study"]["title"]
    yield "consent", content["consent"]["text"]
    for step in steps_of(content):
        yield from _step_texts(step)
    for scale in content["scales"]:
        yield f"scale:{scale['code']}:title", scale["title"]
        yield f"scale:{scale['code']}:prompt", scale["prompt"]
        for anchor in scale["anchors"]:
            yield f"anchor:{scale['code']}:{anchor['code']}", anchor["label"]
    for page in content["pages"]:
        yield f"domain:{page['domain']['code']}", page["domain"]["title"]
        for task in page["tasks"]:
            if task.get("subdomain_code"):
                yield f"domain:{task['subdomain_code']}", task["subdomain"]
            yield f"task:{task['code']}", task["statement"]


def _step_texts(step: Step) -> Iterator[tuple[str, str]]:
    for name in ("title", "intro", "screened_out"):
        yield f"page:{step['id']}:{name}", step.get(name) or ""
    for question in step.get("questions", ()):
        yield f"question:{question['code']}:prompt", question["prompt"]
        yield f"question:{question['code']}:help", question["help"]
        for choice in question["choices"]:
            yield f"choice:{question['code']}:{choice['code']}", choice["label"]
    for domain in step.get("domains", ()):
        yield f"domain:{domain['code']}", domain["title"]
    for statement in step.get("statements", ()):
        yield f"ksa:{statement['code']}", statement["statement"]
