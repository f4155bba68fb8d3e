"""Languages of the respondents' pages: which one speaks now, which way it is written, how it is named.

The words of a survey are the director's, with the translations that were frozen with it. The words of our own
(buttons, notes, errors) are in the catalogues of ``jta/translations``. Pages of the staff are in English.
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from flask import Flask, g, has_app_context, has_request_context, request
from flask_babel import Babel, gettext, refresh

SOURCE = "en"
INTERFACE = ("en", "es")  # languages that our own words exist in
# Pages of respondents, of the links in messages, of panelists.
NOT_OF_THE_STAFF = ("/s/", "/survey", "/stop", "/join", "/p/", "/panel")
_babel = Babel()


def N_(text: str) -> str:  # noqa: N802  the name that gettext's own tools know
    """Mark a text for the catalogue where it is stored in English and translated when it is shown."""
    return text


def locale_of_now() -> str:
    """Return the language of our own words for this reply: the respondent's where we have it, else English."""
    if "language" in g:
        return interface_of(g.language)
    if has_request_context() and request.path.startswith(NOT_OF_THE_STAFF):
        return request.accept_languages.best_match(INTERFACE) or SOURCE
    return SOURCE


def interface_of(language: str) -> str:
    """Return the language of our own words beside a survey in this language."""
    main = language.split("-")[0]
    return main if main in INTERFACE else SOURCE


def spoken_by(director: str) -> dict[str, str | None]:
    """Return, for a template, the language of our words, and that of the director's where it is another one."""
    own = locale_of_now()
    return {"lang": own, "text_lang": None if director.split("-")[0] == own else director}


def speak(language: str) -> None:
    """Speak a language until this request ends."""
    if has_app_context() and g.get("language") != language:
        g.language = language
        refresh()


def locale(code: str) -> Locale | None:
    """Return what is known about a language code like ``es`` or ``pt-BR``, or None if there is no such language."""
    try:
        return Locale.parse(code, sep="-")
    except (UnknownLocaleError, ValueError, TypeError):
        return None


def name_of(code: str) -> str:
    """Name a language in itself: ``español``."""
    found = locale(code)
    return (found.get_display_name() or code) if found else code


def english_name_of(code: str) -> str:
    """Name a language in English: ``Spanish``."""
    found = locale(code)
    return (found.get_display_name("en") or code) if found else code


def direction_of(code: str) -> str:
    """Return ``rtl`` for a language written from right to left, else ``ltr``."""
    found = locale(code)
    return found.text_direction if found else "ltr"


def register(app: Flask) -> None:
    """Bind the catalogues, and give templates ``_``, ``ngettext`` and the names of languages."""
    _babel.init_app(
        app, default_locale=SOURCE, default_translation_directories="jta/translations", locale_selector=locale_of_now
    )
    app.jinja_env.globals.update(language_name=name_of)
    app.jinja_env.filters.update(spoken_moment=moment_words, spoken_day=day_words, ours=in_our_words)


def moment_words(value: datetime, zone: str) -> str:
    """Write a time in a zone and in the language of our own words: ``23 November 2026, 10:42 (America/Chicago)``."""
    own = locale_of_now()
    here = value.astimezone(ZoneInfo(zone))
    if own == SOURCE:
        return f"{here:%-d %B %Y, %H:%M} ({zone})"
    return f"{format_date(here, 'long', locale=own)}, {format_time(here, 'HH:mm', locale=own)} ({zone})"


def day_words(value: date) -> str:
    """Write a day in the language of our own words: ``23 November 2026``."""
    own = locale_of_now()
    return f"{value:%-d %B %Y}" if own == SOURCE else format_date(value, "long", locale=own)


def in_our_words(text: str) -> str:
    """Translate a text that was marked with `N_`; what somebody else wrote stays as it is, percent signs too."""
    return gettext(text) if text else ""
