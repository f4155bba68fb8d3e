"""Where each text of a survey stands, in words: what a director reads in place of the stable key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jta.language import english_name_of
from jta.services.content import steps_of

_PAGE = {"title": "title", "intro": "text below the title", "screened_out": "text for those who are screened out"}
_QUESTION = {"prompt": "the question", "help": "help below the question"}
_SCALE = {"title": "its name", "prompt": "the question it asks"}


def text_places(content: Mapping[str, Any]) -> dict[str, str]:
    """Return the place of each text by the key that `jta.services.content.survey_texts` gives it."""
    found = {"study:title": "Title of the study", "consent": "Welcome page: consent"}
    for place, step in enumerate(steps_of(content), start=1):
        found |= dict(_step_places(place, step))
    for scale in content["scales"]:
        name = f"Rating scale “{scale['title']}”"
        found |= {f"scale:{scale['code']}:{key}": f"{name}: {word}" for key, word in _SCALE.items()}
        found |= {
            f"anchor:{scale['code']}:{anchor['code']}": f"{name}: answer {n}"
            for n, anchor in enumerate(scale["anchors"], start=1)
        }
    for page in content["pages"]:
        found[f"domain:{page['domain']['code']}"] = f"Content domain {page['domain']['code']}"
        for task in page["tasks"]:
            found[f"domain:{task.get('subdomain_code')}"] = f"Subdomain {task.get('subdomain_code')}"
            found[f"task:{task['code']}"] = f"Task statement {task['code']}"
    for language, words in content.get("translations", {}).items():
        found |= {f"{language}/{key}": f"{found[key]} ({english_name_of(language)})" for key in words if key in found}
    return found


def _step_places(place: int, step: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    name = f"Page {place}" + (f", “{step['title']}”" if step.get("title") else "")
    for key, word in _PAGE.items():
        yield f"page:{step['id']}:{key}", f"{name}: {word}"
    for number, question in enumerate(step.get("questions", ()), start=1):
        asked = f"{name}, question {number}"
        for key, word in _QUESTION.items():
            yield f"question:{question['code']}:{key}", f"{asked}: {word}"
        for n, choice in enumerate(question["choices"], start=1):
            yield f"choice:{question['code']}:{choice['code']}", f"{asked}: choice {n}"
    for domain in step.get("domains", ()):
        yield f"domain:{domain['code']}", f"Content domain {domain['code']}"
    for statement in step.get("statements", ()):
        yield f"ksa:{statement['code']}", f"KSA {statement['code']}"
