"""An instrument's content in one of its languages: the same codes and ids, other words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jta.language import SOURCE
from jta.services.content import steps_of

Words = Mapping[str, str]


def languages_of(content: Mapping[str, Any]) -> list[str]:
    """Return the languages of a survey, the one it was written in first."""
    return list(content.get("languages") or [SOURCE])


def in_language(content: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Return a survey's content with the words of a language; a text that is not translated stays as written.

    The hash of the consent stays that of the text as written: it names the version, whatever language it is read in.
    """
    words: Words = content.get("translations", {}).get(language, {})
    steps = [dict(step) for step in steps_of(content)]
    if not words:
        return {**content, "version": 2, "steps": steps}
    return {
        **content,
        "version": 2,
        "study": {**content["study"], "title": words.get("study:title", content["study"]["title"])},
        "consent": {**content["consent"], "text": words.get("consent", content["consent"]["text"])},
        "steps": [_step(step, words) for step in steps],
        "scales": [_scale(scale, words) for scale in content["scales"]],
        "pages": [_page(page, words) for page in content["pages"]],
    }


def _step(step: dict[str, Any], words: Words) -> dict[str, Any]:
    for name in ("title", "intro", "screened_out"):
        if step.get(name):
            step[name] = words.get(f"page:{step['id']}:{name}", step[name])
    if "questions" in step:
        step["questions"] = [_question(question, words) for question in step["questions"]]
    if "domains" in step:
        step["domains"] = [_titled(domain, words) for domain in step["domains"]]
    if "statements" in step:
        step["statements"] = [
            {**s, "statement": words.get(f"ksa:{s['code']}", s["statement"])} for s in step["statements"]
        ]
    return step


def _question(question: Mapping[str, Any], words: Words) -> dict[str, Any]:
    code = question["code"]
    choices = [{**c, "label": words.get(f"choice:{code}:{c['code']}", c["label"])} for c in question["choices"]]
    return {
        **question, "choices": choices, "prompt": words.get(f"question:{code}:prompt", question["prompt"]),
        "help": words.get(f"question:{code}:help", question["help"]),
    }  # fmt: skip


def _scale(scale: Mapping[str, Any], words: Words) -> dict[str, Any]:
    code = scale["code"]
    anchors = [{**a, "label": words.get(f"anchor:{code}:{a['code']}", a["label"])} for a in scale["anchors"]]
    return {
        **scale, "anchors": anchors, "title": words.get(f"scale:{code}:title", scale["title"]),
        "prompt": words.get(f"scale:{code}:prompt", scale["prompt"]),
    }  # fmt: skip


def _page(page: Mapping[str, Any], words: Words) -> dict[str, Any]:
    return {**page, "domain": _titled(page["domain"], words), "tasks": [_task(task, words) for task in page["tasks"]]}


def _titled(domain: Mapping[str, Any], words: Words) -> dict[str, Any]:
    return {**domain, "title": words.get(f"domain:{domain['code']}", domain["title"])}


def _task(task: Mapping[str, Any], words: Words) -> dict[str, Any]:
    subdomain = words.get(f"domain:{task.get('subdomain_code')}", task.get("subdomain") or "")
    return {**task, "statement": words.get(f"task:{task['code']}", task["statement"]), "subdomain": subdomain}
