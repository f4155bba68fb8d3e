"""Our own words on respondents' pages: every one goes through the catalogue, and the Spanish one is whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from gettext import GNUTranslations

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from jta import ROOT
from jta.language import INTERFACE, SOURCE, direction_of, interface_of, name_of
from jta.services import market_template
from jta.services.standard_scales import CONSENT
from jta.services.statement_rules import reading_grade
from jta.services.survey_library import PAGES, SCALES
from tests.services.full_survey import make_full_study
from tests.services.respondent import Respondent

CATALOGUES = ROOT / "jta" / "translations"
OTHERS = [language for language in INTERFACE if language != SOURCE]
TEMPLATES = [
    *(path for name in ("response", "mail", "panelist") for path in sorted((ROOT / "templates" / name).glob("*.html"))),
    *(
        ROOT / "templates" / name
        for name in ("survey/base.html", "errors/survey_error.html", "panel/result_tables.html", "study/conflict.html")
    ),
]  # fmt: skip
CODE = [
    *(ROOT / "jta" / "views").glob("response*.py"), ROOT / "jta" / "forms" / "response.py",
    ROOT / "jta" / "forms" / "answers.py",
    *(ROOT / "jta" / "views").glob("panelist*.py"), ROOT / "jta" / "views" / "mail.py",
    ROOT / "jta" / "forms" / "panelist.py", ROOT / "jta" / "forms" / "mail_pages.py",
    *(
        ROOT / "jta" / "services" / f"{name}.py"
        for name in (
            "response", "saving", "answers", "points", "own_answers", "visits", "registration", "opt_out",
            "panel_answers", "panel_writing", "panel_statements", "panel_visits",
        )
    ),
]  # fmt: skip


def messages() -> set[object]:
    """Every message of the program and its templates."""
    methods = [("jta/**.py", "python"), ("templates/**.html", "jinja2")]
    keywords = {"_": None, "gettext": None, "lazy": None, "N_": None, "ngettext": (1, 2)}
    return {found[2] for found in extract_from_dir(ROOT, methods, keywords=keywords)}


def catalogue(language: str):
    with (CATALOGUES / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


@pytest.mark.parametrize("language", OTHERS)
def test_every_message_is_translated_and_none_is_left_over(language):
    found = {message.id: message for message in catalogue(language) if message.id}
    assert set(found) == messages()
    for message in found.values():
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(texts), message.id
        assert not message.fuzzy, message.id


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_fills_in_the_same_values(language):
    for message in catalogue(language):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        for one, other in zip(ids, texts, strict=True):
            assert sorted(re.findall(r"%\(\w+\)s", one)) == sorted(re.findall(r"%\(\w+\)s", other)), one


@pytest.mark.parametrize("language", OTHERS)
def test_the_compiled_catalogue_is_the_present_one(language):
    with (CATALOGUES / language / "LC_MESSAGES" / "messages.mo").open("rb") as file:
        compiled = GNUTranslations(file)
    for message in catalogue(language):
        if isinstance(message.id, tuple):
            assert compiled.ngettext(*message.id, 2) == message.string[1]
        elif message.id:
            assert compiled.gettext(message.id) == message.string


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_words_stand_in_a_template_outside_the_catalogue(template):
    text = re.sub(r"\{#.*?#\}", "", template.read_text(), flags=re.DOTALL)
    text = re.sub(r"\{% block page_class %\}[\w -]+", "", text)  # a name for the style sheet
    text = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", text, flags=re.DOTALL)
    for name, value in re.findall(r'\b(aria-label|title|alt|placeholder)="([^"]*)"', text):
        assert not re.search("[A-Za-z]{2}", value), (name, value)
    assert re.findall(r"[A-Za-z]{2,}", re.sub(r"<[^>]*>| lang=\"\"", "", text)) == []


@pytest.mark.parametrize("path", CODE, ids=lambda path: path.name)
def test_no_error_is_raised_in_words_outside_the_catalogue(path):
    assert re.findall(r'Error\(\s*f?"[^"]+"', path.read_text()) == []


def ready_words() -> Iterator[str]:
    """What a survey says before a director has changed a word."""
    for text in (CONSENT, market_template.CONSENT):
        yield from text.split("\n\n")
    for page in PAGES.values():
        yield from (page.intro, *(text for q in page.questions for text in (q.prompt, q.help)))
    yield from (scale.prompt for scale in SCALES.values())
    for _, questions in market_template.PAGES:
        yield from (text for q in questions for text in (q["prompt"], q.get("help", "")))


def test_our_words_are_within_reach_of_a_reader_at_grade_eight():
    texts = {text for found in messages() for text in ((found,) if isinstance(found, str) else found)}
    texts |= set(ready_words())
    longer = [text for text in texts if len(text.split()) >= 10]
    assert len(longer) > 100
    assert [text for text in longer if reading_grade(re.sub(r"%\(\w+\)s", "ten", text)) > 8] == []


def test_languages_have_their_names_and_directions():
    assert (name_of("es"), name_of("ar"), name_of("nonsense")) == ("español", "العربية", "nonsense")
    assert [direction_of(code) for code in ("en", "ar", "he", "es", "zz")] == ["ltr", "rtl", "rtl", "ltr", "ltr"]
    assert [interface_of(code) for code in ("es-MX", "ar", "en")] == ["es", "en", "en"]


def test_a_survey_speaks_the_language_of_its_reader(app):
    with app.app_context():
        full = make_full_study()
    link = f"/s/{full.made.tokens[0]}"
    client = app.test_client()
    page = client.get(link, headers={"Accept-Language": "es-MX,es;q=0.9"}).text
    assert '<html lang="es"' in page
    assert "Acepto: empezar" in page
    assert "Análisis de la práctica" in page
    assert "I agree – start" in client.get(link, headers={"Accept-Language": "fr"}).text
    person = Respondent(app, full.made.tokens[0])
    person.get(f"{link}?lang=es")
    person.send()
    assert "¿Trabaja usted en un puerto?" in person.text
    assert person.send() == 422
    assert "Elija una respuesta." in person.text
    assert "<title>Error: " in person.text
    person.get("/survey/language")
    assert "español" in person.text


def test_a_language_without_our_words_is_read_from_its_own_side(app):
    with app.app_context():
        full = make_full_study()
    person = Respondent(app, full.made.tokens[0])
    page = person.get(f"/s/{full.made.tokens[0]}?lang=ar")
    assert re.search(r'<html lang="en"\s+dir="rtl"', page)
    assert "Buttons and notes are in English" in page
    assert '<h1 lang="ar">' in page
    person.send()
    person.send({f"q-{full.questions['role']}": full.choices["role"]["yes"]})
    person.get("/survey/rate/1")
    assert 'lang="ar">نص Plan the work' in person.text
    assert "Task 1.1.1" in person.text


def test_changing_the_language_changes_no_answer(app):
    with app.app_context():
        full = make_full_study()
    person = Respondent(app, full.made.tokens[0])
    person.get(f"/s/{full.made.tokens[0]}")
    person.send()
    answer = {f"q-{full.questions['role']}": full.choices["role"]["yes"]}
    person.send(answer)
    text = person.get("/survey/language")
    token = re.search(r'name="csrf_token" value="([^"]+)', text)[1]
    mark = re.search(r'name="mark" value="([^"]+)', text)[1]
    for code, status in (("es", 303), ("fr", 422), ("", 422)):
        reply = person.client.post("/survey/language", data={"csrf_token": token, "mark": mark, "language": code})
        assert reply.status_code == status
    person.get("/survey/page/1")
    assert "¿Trabaja usted en un puerto?" in person.text
    assert f'value="{full.choices["role"]["yes"]}" checked' in person.text
