"""Languages of a survey and the translations of its texts, until the launch freezes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import select

from jta import audit
from jta.audit import Actor
from jta.db import db, transaction
from jta.errors import EditConflictError, InvalidInputError, NotFoundError, StateError
from jta.exports.translation_file import translations_xlsx
from jta.imports.result import Problem, ReadResult
from jta.imports.translations import read_translations
from jta.language import english_name_of, locale
from jta.models.study import Study
from jta.models.survey import Translation
from jta.services.content import survey_texts
from jta.services.instrument import build_content
from jta.services.preview_token import seal, unseal
from jta.services.study_stage import BEFORE_LAUNCH, lock_study
from jta.services.survey_places import text_places

LONGEST = 20_000  # characters of one translated text
MOST_LANGUAGES = 20
SHOWN_PROBLEMS = 100
_PURPOSE = "translations"


@dataclass(frozen=True)
class TextLine:
    """One text of the survey in one other language; version 0 where it was never translated."""

    key: str
    source: str
    text: str
    version: int
    place: str = ""

    @property
    def is_missing(self) -> bool:
        """Whether respondents would read the source instead."""
        return not self.text.strip()


@dataclass(frozen=True)
class LanguageLine:
    """One language of a survey with how much of it is translated."""

    code: str
    done: int
    total: int


@dataclass(frozen=True)
class ImportChange:
    """One text that a file would add or change."""

    key: str
    source: str
    before: str
    after: str


@dataclass(frozen=True)
class TranslationPreview:
    """What a file of translations would do; nothing is ever taken away by it."""

    changes: list[ImportChange]
    unchanged: int
    blank: int
    unknown: list[str]
    moved: list[str]  # keys whose source was changed since the file was made
    result: ReadResult
    filename: str
    token: str = ""

    @property
    def refused(self) -> str | None:
        """Why the file cannot be read at all."""
        return self.result.refused

    @property
    def problems(self) -> list[Problem]:
        """What is wrong in the file."""
        return self.result.problems

    @property
    def shown_problems(self) -> list[Problem]:
        """The first of them."""
        return self.result.problems[:SHOWN_PROBLEMS]

    @property
    def cleaned(self) -> list[str]:
        """What was cleaned or left out, in sentences."""
        return self.result.cleaned


def list_languages(study: Study) -> list[LanguageLine]:
    """Return the languages of a survey besides the one it is written in."""
    known = survey_texts(build_content(study))
    found = {code: 0 for code in study.languages[1:]}
    for row in db.session.scalars(select(Translation).where(Translation.study_id == study.id)):
        if row.language in found and row.key in known and row.text.strip():
            found[row.language] += 1
    return [LanguageLine(code, done, len(known)) for code, done in found.items()]


def list_texts(study: Study, language: str) -> list[TextLine]:
    """Return every text of a survey with its translation, in the order of the survey.

    Raises
    ------
    NotFoundError
        If the survey has no such language.
    """
    if language not in study.languages[1:]:
        raise NotFoundError
    stored, content = _stored(study.id, language), build_content(study)
    places, lines = text_places(content), []
    for key, source in survey_texts(content).items():
        row = stored.get(key)
        lines.append(TextLine(key, source, row.text if row else "", row.version if row else 0, places.get(key, key)))
    return lines


def _stored(study_id: int, language: str) -> dict[str, Translation]:
    found = select(Translation).where(Translation.study_id == study_id, Translation.language == language)
    return {row.key: row for row in db.session.scalars(found)}


def _changeable(study_id: int) -> Study:
    study = lock_study(study_id)
    if study.stage not in BEFORE_LAUNCH:
        raise StateError("The survey was launched, so its languages are frozen.")
    return study


def add_language(actor: Actor, study_id: int, code: str) -> None:
    """Let the survey be taken in another language; its texts then wait to be translated.

    Raises
    ------
    StateError
        If the survey was launched.
    InvalidInputError
        If there is no such language, or the survey has it.
    """
    with transaction():
        study = _changeable(study_id)
        if locale(code) is None or len(code) > 12:
            raise InvalidInputError("Type a language code, such as es for Spanish or pt-BR.", field="code")
        if code in study.languages:
            raise InvalidInputError(f"The survey has {english_name_of(code)} already.", field="code")
        if len(study.languages) >= MOST_LANGUAGES:
            raise InvalidInputError(f"A survey has at most {MOST_LANGUAGES} languages.", field="code")
        study.languages = [*study.languages, code]
        audit.record(actor, "added language", code, study_id=study_id, after={"languages": study.languages})


def remove_language(actor: Actor, study_id: int, code: str) -> None:
    """Take a language out of the survey; its translations are kept, and are there again when it is added again.

    Raises
    ------
    StateError, NotFoundError
        If the survey was launched, or has no such language.
    """
    with transaction():
        study = _changeable(study_id)
        if code not in study.languages[1:]:
            raise NotFoundError
        study.languages = [language for language in study.languages if language != code]
        audit.record(actor, "removed language", code, study_id=study_id, after={"languages": study.languages})


def save_texts(
    actor: Actor, study_id: int, language: str, texts: Mapping[str, str], versions: Mapping[str, int]
) -> int:
    """Save translations; return how many changed.

    ``versions`` are those the page was shown with.

    Raises
    ------
    StateError, NotFoundError, InvalidInputError
        If the survey was launched, has no such language or text, or a text is too long.
    EditConflictError
        If somebody else changed one of these texts since; nothing is saved then.
    """
    with transaction():
        study = _changeable(study_id)
        known = {line.key: line for line in list_texts(study, language)}
        changed = {key: text for key, text in texts.items() if key in known and text.strip() != known[key].text}
        for key, text in changed.items():
            _check(known[key], text, versions.get(key, 0))
        _write(study_id, language, changed)
        if changed:
            audit.record(
                actor, "translated", f"{len(changed)} texts into {language}", study_id=study_id,
                before={key: known[key].text for key in changed}, after=changed,
            )  # fmt: skip
    return len(changed)


def _check(line: TextLine, text: str, version: int) -> None:
    if len(text) > LONGEST:
        raise InvalidInputError(f"The translation of “{line.source[:60]}” is longer than {LONGEST:,} characters.")
    if version != line.version:
        raise EditConflictError(
            "Somebody else translated one of these texts meanwhile. Nothing of this page was saved.",
            theirs=f"{line.source}\n{line.text}", yours=f"{line.source}\n{text}",
        )  # fmt: skip


def _write(study_id: int, language: str, changed: Mapping[str, str]) -> None:
    stored = _stored(study_id, language)
    for key, text in changed.items():
        if key in stored:
            stored[key].text = text.strip()
        else:
            db.session.add(Translation(study_id=study_id, language=language, key=key, text=text.strip()))
    db.session.flush()


def export_texts(study: Study, language: str) -> bytes:
    """Return the texts and their translations as an Excel workbook, to be filled in and read back."""
    lines = [(line.key, line.source, line.text) for line in list_texts(study, language)]
    return translations_xlsx(lines, title=f"{study.title}: {english_name_of(language)}")


def preview_file(actor: Actor, study: Study, language: str, data: bytes, filename: str) -> TranslationPreview:
    """Say what a file of translations would do. Blank cells and texts that the file leaves out stay as they are.

    Raises
    ------
    NotFoundError, InvalidInputError
        If the survey has no such language, or the file is too long to preview.
    """
    known = {line.key: line for line in list_texts(study, language)}
    result = read_translations(data, filename, current_app.config["SETTINGS"].limits)
    if result.refused:
        return TranslationPreview([], 0, 0, [], [], result, filename)
    rows = {row.values["key"]: row.values for row in result.rows}
    given = {key: row["translation"].strip() for key, row in rows.items() if key in known}
    changes = [
        ImportChange(key, known[key].source, known[key].text, text)
        for key, text in given.items()
        if text and text != known[key].text
    ]
    content = {"language": language, "texts": {c.key: [c.after, known[c.key].version] for c in changes}}
    return TranslationPreview(
        changes, sum(1 for key, text in given.items() if text and text == known[key].text),
        sum(1 for text in given.values() if not text), [key for key in rows if key not in known],
        [key for key in given if rows[key]["source"] and rows[key]["source"].strip() != known[key].source.strip()],
        result, filename, seal(_PURPOSE, actor, study.id, content) if changes and not result.problems else "",
    )  # fmt: skip


def apply_file(actor: Actor, study_id: int, language: str, token: str) -> int:
    """Save what a preview showed; return how many texts changed.

    Raises
    ------
    InvalidInputError, StateError, NotFoundError, EditConflictError
        As for `save_texts`, or if the preview is not one of this study and person.
    """
    content: dict[str, Any] = unseal(_PURPOSE, actor, study_id, token)
    if content["language"] != language:
        raise InvalidInputError("This preview belongs elsewhere. Upload the file again.", field="file")
    texts = {key: text for key, (text, _version) in content["texts"].items()}
    versions = {key: version for key, (_text, version) in content["texts"].items()}
    return save_texts(actor, study_id, language, texts, versions)
