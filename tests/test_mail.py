"""Building a message: both parts say the same, and nothing that people type can forge its head."""

from __future__ import annotations

import email
import email.policy
import html
import re
from datetime import UTC, datetime

import pytest

from jta.errors import ConfigError, InvalidInputError
from jta.mail import Mail, MailRefusedError, build
from jta.mail_settings import MailSettings, check_mail, read_mail
from jta.services.message_text import NAMES, Text, check_text, render, standard_text

SETTINGS = MailSettings(host="127.0.0.1", tls="none", sender="study@example.org")
VALUES = {
    "name": "Zoë {link} Ångström", "organization": "R & D <b>", "study": "Study", "credential": "CTO", "minutes": "20",
    "closes": "3 May", "contact": "dora@example.org", "link": "https://survey.example.org/s/abc", "opt_out": "https://x/stop",
}  # fmt: skip


def make(**changes: str) -> Mail:
    values = {
        "to_name": "Robin", "to_address": "robin@example.org", "from_name": "The study", "reply_to": "",
        "subject": "Hello", "text": "Hi\n", "html": "<p>Hi</p>", "message_id": "<a@b>", "unsubscribe": "",
    }  # fmt: skip
    return Mail(**(values | changes), date=datetime(2026, 9, 8, tzinfo=UTC))


def parse(mail: Mail):
    return email.message_from_bytes(build(mail, SETTINGS), policy=email.policy.default)


FORGERIES = [
    "=?utf-8?q?hi=0ABcc=3A_all=40example.org?=", "Hi\r\nBcc: all@example.org", "Hi\nBcc: x", "Hi\x00", "=?", "a\u2028b",
    "x\x85y",
]  # fmt: skip


@pytest.mark.parametrize("text", FORGERIES)
@pytest.mark.parametrize(
    "place", ["to_name", "to_address", "from_name", "reply_to", "subject", "message_id", "unsubscribe"]
)
def test_no_text_can_forge_the_head(text, place):
    with pytest.raises(MailRefusedError):
        build(make(**{place: text}), SETTINGS)


@pytest.mark.parametrize("address", ["", "no-at", "a b@example.org", "a@b, c@d", "<a@b>", "a@", "@b", "a@b>c"])
def test_what_is_no_single_address_is_refused(address):
    with pytest.raises(MailRefusedError):
        build(make(to_address=address), SETTINGS)


@pytest.mark.parametrize("name", ["Müller, Jörg", 'O"Brien', "张伟", "a" * 200, "عمر", "Bcc: x@y", "<x@y>"])
def test_every_honest_name_arrives_as_it_is(name):
    message = parse(make(to_name=name, subject=name))
    assert message["To"].addresses[0].display_name == name
    assert message["To"].addresses[0].addr_spec == "robin@example.org"
    assert message["Subject"] == name
    assert set(message.keys()) <= {
        "Message-ID", "From", "To", "Subject", "Date", "Auto-Submitted", "Content-Language", "MIME-Version",
        "Content-Type",
    }  # fmt: skip


def test_long_addresses_stay_on_their_line():
    url = "https://survey.example.org/stop/" + "x" * 300
    raw = build(make(unsubscribe=url), SETTINGS)
    assert f"List-Unsubscribe: <{url}>\r\n".encode() in raw
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n") if not line.startswith(b"List-Uns")) <= 98


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("kind", NAMES)
def test_both_parts_of_every_standard_text_say_the_same(kind, language):
    text = standard_text(kind, language)
    check_text(kind, text)
    done = render(text, VALUES, language=language)
    shown = html.unescape(re.sub(r"<[^>]+>", " ", done.html.partition("<body")[2].partition(">")[2]))
    assert "".join(shown.split()) == "".join(done.text.split())
    assert VALUES["name"] in done.text  # a name that looks like a field stays a name
    assert "<b>" not in done.html
    assert "{link}" not in done.text.replace(VALUES["name"], "")


def test_markup_in_values_is_text():
    done = render(Text("{organization}", "{organization} {link} {opt_out}"), VALUES)
    assert "R &amp; D &lt;b&gt;" in done.html
    assert done.subject == "R & D <b>"


@pytest.mark.parametrize(
    ("subject", "body", "field", "said"),
    [
        ("Hi", "{link} {opt_out} {nonsense}", "body", "{nonsense} is not a field"),
        ("Hi", "{link} {opt_out} {{config}}", "body", "is not a field"),
        ("Hi {name.__class__}", "{link} {opt_out}", "subject", "{name.__class__} is not a field"),
        ("Hi", "{link}", "body", "must hold {opt_out}"),
        ("{link}", "{link} {opt_out}", "subject", "belongs into the text"),
        ("Hi =?utf-8?q?x?=", "{link} {opt_out}", "subject", "without the signs"),
        ("Hi\nBcc: x", "{link} {opt_out}", "subject", "one line"),
        ("Hi", "{link} {opt_out} \x07", "body", "control character"),
        ("Hi", "{link} {opt_out} \u202e", "body", "control character"),
        ("", "{link} {opt_out}", "subject", "Write something"),
        ("x" * 151, "{link} {opt_out}", "subject", "150"),
    ],
)
def test_a_text_that_cannot_be_sent_is_refused_by_name(subject, body, field, said):
    with pytest.raises(InvalidInputError, match=re.escape(said)) as caught:
        check_text("invitation", Text(subject, body))
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"JTA_SMTP_TLS": "none"}, "JTA_SMTP_TLS"), ({"JTA_SMTP_TLS": "maybe"}, "JTA_SMTP_TLS"),
        ({"JTA_MAIL_FROM": "nobody"}, "JTA_MAIL_FROM"), ({"JTA_MAIL_FROM": "a@b\r\nBcc: c@d"}, "JTA_MAIL_FROM"),
        ({"JTA_SMTP_USER": "me"}, "JTA_SMTP_USER"), ({"JTA_SMTP_PORT": "many"}, "JTA_SMTP_PORT"),
        ({"JTA_SMTP_PORT": "70000"}, "JTA_SMTP_PORT"), ({"JTA_MAIL_RETURN_PATH": "x"}, "JTA_MAIL_RETURN_PATH"),
        ({"JTA_BOUNCE_MAILDIR": "/nowhere"}, "JTA_BOUNCE_MAILDIR"), ({"JTA_SMTP_TIMEOUT": "0"}, "JTA_SMTP_TIMEOUT"),
        ({"JTA_MAIL_PER_MINUTE": "100001"}, "JTA_MAIL_PER_MINUTE"),
    ],
)  # fmt: skip
def test_a_dangerous_mail_setting_is_named(given, named):
    base = {"JTA_SMTP_HOST": "mail.example.org", "JTA_MAIL_FROM": "study@example.org"}
    with pytest.raises(ConfigError, match=named):
        check_mail(read_mail(base | given))


def test_good_mail_settings_are_taken():
    mail = read_mail(
        {"JTA_SMTP_HOST": "mail.example.org", "JTA_MAIL_FROM": "a@example.org", "JTA_MAIL_RETURN_PATH": "b+{id}@x.org"}
    )
    check_mail(mail)
    assert (mail.server_port, mail.configured) == (587, True)
    assert not MailSettings().configured
