"""When nobody is reached: every address fails, everybody stops messages, nobody is on the roster. Pages make sense."""

from __future__ import annotations

import dataclasses
import html
import re

import pytest

from jta.services import links, opt_out
from jta.services.monitor import load_monitor
from tests.factories import signed_in_client
from tests.mail_server import mail_server
from tests.services.sending_study import DAY, TUESDAY, make_field, people, send_wave

# What happened: the address of everybody, what the pages of messages and of responses say is the next step.
CASES = {
    "empty": (None, "Put people on the roster", "Upload the roster"),
    "bounced": ("nobody", "Mail to 12 of the people came back", "nobody else can be waited for: mail to 12 came back"),
    "opted out": (
        "x",
        "Nobody is left to write to",
        "0 of 12 people have submitted, and nobody else can be waited for",
    ),
}
RATES = {  # RR1 to RR6 of twelve people
    "empty": [None] * 6, "bounced": [0, 0, None, None, None, None], "opted out": [0] * 6,
}  # fmt: skip
PAGES = ("messages", "messages/waves/1", "messages/waves/2", "messages/people/bounced", "responses", "roster", "")


def _read(client, path: str) -> str:
    reply = client.get(f"/studies/1/{path}".rstrip("/"))
    assert reply.status_code == 200
    main = re.sub(r"<script.*?</script>|<[^>]+>", " ", reply.text[reply.text.index("<main") :], flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(main))


@pytest.mark.parametrize("case", CASES)
def test_pages_and_rates_say_what_is_so(app, case):
    who, messages, responses = CASES[case]
    with mail_server() as server, app.app_context():
        app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], mail=server.settings())
        study, dora = make_field([f"{who}-{n}@example.org" for n in range(12)] if who else [])
        send_wave(server, study, dora, "invitation", TUESDAY)
        for person in people(study.id) if case == "opted out" else ():
            opt_out.opt_out(links.row_token("stop", person.id))
        send_wave(server, study, dora, "reminder", TUESDAY + 6 * DAY)
        rates = load_monitor(study).rates
        assert [rate.value for rate in rates.rates] == RATES[case]
        assert rates.completion is None
    client = signed_in_client(app)
    shown = {path: _read(client, path) for path in PAGES}
    assert messages in shown["messages"]
    assert responses in shown["responses"]
    for path, text in shown.items():
        assert not re.search(r"\b(nan|None|inf|Infinity|0 of 0)\b|NaN", text.replace("None No", "")), path
    assert client.get("/studies/1/responses.xlsx").status_code == 200
