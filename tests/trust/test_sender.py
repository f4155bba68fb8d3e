"""The sender under kills and in random orders; the long runs are in `benchmarks/soak_sending.py`."""

from __future__ import annotations

import pytest

from tests.mail_server import mail_server
from tests.trust.orders import Orders
from tests.trust.sender_kill import kill_senders


@pytest.mark.parametrize("seed", range(3))
def test_nobody_is_written_to_after_opting_out_in_any_order(app_context, seed):
    played = Orders(seed, 40).play()
    assert played.sent > 40
    assert len(played.stopped) > 5
    assert played.late == []


@pytest.mark.slow
def test_a_killed_sender_loses_nobody_and_writes_to_nobody_twice(app_context):
    with mail_server() as server:
        result = kill_senders(app_context, server, people=130, panel=20, kills=4, seed=1, limit=250)
    assert result.good, result
    assert result.kills == 4
