"""Requests that exist already: a body as JSON, or calls of curl; headers are dropped unread."""

from __future__ import annotations

import pytest

from pioneer_build.errors import PioneerError
from pioneer_build.operations.init.api_requests import ApiRequest, read_requests
from tests.operations.init.calls import CALL


def test_calls_of_curl() -> None:
    generate, label = read_requests(CALL)
    assert generate.label_task is None
    assert generate.body["domain_description"] == "Tech news: it's new"
    assert label == ApiRequest({"labels": ["a"], "inputs": ["It's"]}, "ner")
    assert "not_to_be_kept" not in repr((generate, label))


@pytest.mark.parametrize(
    "call",
    [
        "curl -d '{\"a\": 1}' u",
        "curl -d'{\"a\": 1}' u",
        "curl --json '{\"a\": 1}' u",
        "curl --data='{\"a\": 1}' u",
        "curl -sSd '{\"a\": 1}' u",
        "curl -u name:secret -H -d --data-raw '{\"a\": 1}' --url u",
        "/usr/bin/curl u --data-binary '{\"a\": 1}'",
        '\ufeff {"a": 1}',
    ],
)
def test_ways_to_give_a_body(call: str) -> None:
    assert read_requests(call) == [ApiRequest({"a": 1})]


@pytest.mark.parametrize(
    ("address", "task"),
    [
        ("https://x/generate/ner/label-existing", "ner"),
        ("https://x/v1/classification/label-existing/", "classification"),
        ("https://x/decoder/label-existing", None),
        ("https://x/label-existing", None),
        ("https://x/generate", None),
    ],
)
def test_the_task_that_an_address_names(address: str, task: str | None) -> None:
    assert read_requests(f"curl {address} -d '{{}}'") == [ApiRequest({}, task)]


@pytest.mark.parametrize(
    ("text", "word", "hint"),
    [
        ("hello", "neither a JSON object nor a curl command", "the whole command"),
        ("curl -d @body.json https://api.pioneer.ai/generate", "reads its body from 'body.json'", "pass that file"),
        ("curl -d '{\"a\": 1' u", "is not JSON", None),
        ("curl -d '{\"a\": $N}' u", "is not JSON", "replace $VARIABLES"),
        ("curl -d '{", "never closed", "the whole command"),
        ("curl https://api.pioneer.ai/generate/jobs/x", "none of the curl commands has a body", "-d '{…}'"),
        ("[1]", "a JSON object", None),
        ('{"num_examples": 5, "num_examples": 50}', "'num_examples' twice in one object", "remove one of them"),
        ("{" * 100_000, "JSON", None),
        ("[" * 100_000, "nested too deeply", None),
    ],
)
def test_what_is_no_request(text: str, word: str, hint: str | None) -> None:
    with pytest.raises(PioneerError) as caught:
        read_requests(text)
    assert word in caught.value.message
    assert (hint or "") in (caught.value.hint or "")
    assert hint is not None or caught.value.hint is None


def test_an_address_that_is_none() -> None:
    (request,) = read_requests("""curl -d '{"dataset_name": "a"}' 'http://[x/ner/label-existing'""")
    assert request.label_task is None
