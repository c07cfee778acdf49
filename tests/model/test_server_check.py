"""What one server of a model is asked, and what is made of its answers."""

from __future__ import annotations

import asyncio

from pioneer_build.model.server_check import probe_model
from pioneer_build.model.values import Endpoint
from pioneer_build.spec.base_url import BaseUrl
from tests.fakes.chat_server import ChatServer, good, reply


def test_a_server_that_lists_nothing_is_asked_all_the_same() -> None:
    with ChatServer(lambda call: good(call) if call.body else reply(404)) as server:
        url = BaseUrl.parse(server.url)
        probed = asyncio.run(probe_model(url, Endpoint((url,), "m")))
    assert probed.names is None
    assert (probed.trouble, probed.form, probed.probabilities) == (None, "json_schema", False)


def test_a_server_that_hangs_up_when_it_is_asked_for_its_models_is_there() -> None:
    with ChatServer() as server:  # which knows no GET
        url = BaseUrl.parse(server.url)
        probed = asyncio.run(probe_model(url, Endpoint((url,), "m")))
    assert (probed.names, probed.trouble, probed.fits) == (None, None, True)
