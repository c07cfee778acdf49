"""`pioneer.yaml` to settings."""

from __future__ import annotations

import pytest

from pioneer_build.parse import parse_settings, unknown_in_settings
from pioneer_build.spec.model import Checks
from pioneer_build.spec.settings import JudgeSettings, ModelSettings, Prices, Settings, SpendingLimits
from pioneer_build.wording import MAX_GUESSES


def test_everything() -> None:
    text = b"""\
version: 1
backend: local
specs: specs
base_url: https://api.example.org/v1
requests_per_minute: 60
max_open_jobs: 5
store: ~/store
seed: 7
checks: {min_accepted: 0.9, no_overlap_with: [a]}
limits: {max_requests: 10, max_examples: 0}
"""
    assert parse_settings(text, "pioneer.yaml") == (
        Settings(
            "local",
            "specs",
            "https://api.example.org/v1",
            60,
            5,
            "~/store",
            7,
            Checks(min_accepted=0.9, no_overlap_with=("a",)),
            SpendingLimits(10, 0),
        ),
        (),
    )


@pytest.mark.parametrize("text", [b"", b"# nothing\n", b"---\n", b"version: 1\n", b"{}"])
def test_nothing(text: bytes) -> None:
    assert parse_settings(text, "pioneer.yaml") == (Settings(), ())


@pytest.mark.parametrize(
    "backend", ["local", "pioneer", "http://127.0.0.1:8000", "https://h/a/b", "http://[::1]:8000/"]
)
def test_backends(backend: str) -> None:
    settings, problems = parse_settings(f"backend: {backend}\n".encode(), "pioneer.yaml")
    assert problems == ()
    assert settings is not None
    assert settings.backend == backend


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("backend: locla", [(1, 10, "url")]),
        ("backend: http://", [(1, 10, "url")]),
        ("backend: http://h:99999", [(1, 10, "url")]),
        ("base_url: local", [(1, 11, "url")]),
        ("base_url: https://h/?key=1", [(1, 11, "url")]),
        ("base_url: https://me:pw@h", [(1, 11, "secret")]),
        ("api_key: pio_sk_1", [(1, 1, "secret")]),
        ("PIONEER_API_KEY: x", [(1, 1, "secret")]),
        ("requests_per_minute: 0\nmax_open_jobs: -1", [(1, 22, "range"), (2, 16, "range")]),
        ("request_per_minute: 1", [(1, 1, "unknown-key")]),
        ("seed: 1.5", [(1, 7, "type")]),
        ("checks: {min_chars: 2, max_chars: 1}", [(1, 35, "range")]),
        ("limits: {max_request: 2}", [(1, 10, "unknown-key")]),
        ("limits: 3", [(1, 9, "type")]),
        ("version: 2", [(1, 10, "version")]),
        ("- a", [(1, 1, "type")]),
        ("seed: 1\n---\nseed: 2", [(3, 1, "type")]),
        ("seed: 1\nseed: 2", [(2, 1, "duplicate-key")]),
        ("seed: [\n\n", [(1, 7, "yaml")]),
        ("version: 1\nstore: s3://bucket/rows", [(2, 8, "path")]),
        ("store: $DATA/rows\nspecs: /specs", [(1, 8, "path"), (2, 8, "path")]),
    ],
)
def test_wrong(text: str, expected: list[tuple[int, int, str]]) -> None:
    settings, problems = parse_settings(text.encode(), "pioneer.yaml")
    assert settings is None
    assert [(p.line, p.column, p.code) for p in problems] == expected


@pytest.mark.parametrize(
    "text",
    [
        "api_key: pio_sk_1",
        "base_url: https://me:pio_sk_1@h",
        "backend: http://pio_sk_1@h",
        "store: s3://pio_sk_1@bucket",
        "key: pio_sk_1: x",
    ],
)
def test_a_secret_is_never_shown(text: str) -> None:
    _, problems = parse_settings(text.encode(), "pioneer.yaml")
    assert problems
    assert "pio_sk" not in repr(problems)
    assert "PIONEER_API_KEY" in (problems[0].hint or "") or problems[0].code == "yaml"


def _said(text: str) -> tuple[str, str | None]:
    _, (problem,) = parse_settings(text.encode(), "pioneer.yaml")
    return problem.message, problem.hint


def test_a_store_on_another_machine_is_refused() -> None:
    for store in ("s3://bucket/rows", "gs://bucket", "az://container/x", "S3:/bucket", "hf://datasets/x"):
        assert _said(f"store: {store}") == (
            "'store' must be a folder: this version of pioneer-build can only use folders, not remote stores",
            "write the path of a folder",
        )


def test_the_hint_has_the_path() -> None:
    assert _said("store: file:///big/rows") == (
        "'store' must be a folder: this is a URL, not a path",
        "write /big/rows",
    )
    assert _said("specs: ../specs")[0] == "'specs' must be a folder: the specs must be in the project's folder"


@pytest.mark.parametrize(
    "store", ["rows", "./rows", "../rows", "/big/rows", "~/rows", "a b", "a/b/", "./a:b", "../x@y", "/100%/x", "ряды"]
)
def test_stores_that_are_folders(store: str) -> None:
    settings, problems = parse_settings(f"store: {store}\n".encode(), "pioneer.yaml")
    assert problems == ()
    assert settings is not None
    assert settings.store == store


def test_a_conflict_that_git_left() -> None:
    settings, (problem,) = parse_settings(b"<<<<<<< HEAD\nbackend: local\n=======\n>>>>>>> x\n", "pioneer.yaml")
    assert (settings, problem.line, problem.code) == (None, 1, "conflict")


def test_names_that_no_dataset_has() -> None:
    text = b"# ours\nchecks:\n  no_overlap_with:\n    - glod\n    - test\n    - zzzzzz\n"
    problems = unknown_in_settings(text, "pioneer.yaml", {"glod", "zzzzzz"}, {"gold", "test"})
    assert [(one.place, one.message, one.hint, one.source, one.code) for one in problems] == [
        ("pioneer.yaml:4:7", "there is no dataset 'glod'", "did you mean 'gold'?", "    - glod", "unknown-dataset"),
        (
            "pioneer.yaml:6:7",
            "there is no dataset 'zzzzzz'",
            "use the name of a dataset of this project",
            "    - zzzzzz",
            "unknown-dataset",
        ),
    ]
    assert unknown_in_settings(text, "pioneer.yaml", set(), {"gold"}) == ()


def test_guesses_are_for_the_first_wrong_names_alone() -> None:
    wrong = [f"the-name-of-a-dataset-{number}" for number in range(MAX_GUESSES + 1)]
    text = f"checks: {{no_overlap_with: [{', '.join(wrong)}]}}\n".encode()
    problems = unknown_in_settings(text, "pioneer.yaml", set(wrong), {"the-name-of-a-dataset"})
    hints = [problem.hint for problem in problems]
    assert hints[:-1] == ["did you mean 'the-name-of-a-dataset'?"] * MAX_GUESSES
    assert hints[-1] == "use the name of a dataset of this project"


MODEL = b"""\
backend: model
model:
  base_url: [http://127.0.0.1:8000/v1, https://b.example.org]
  name: Qwen/Qwen2.5-7B-Instruct
  api_key_env: OPENAI_API_KEY
  max_in_flight: 32
  requests_per_minute: 600
  tokens_per_minute: 9000
  prices: {input: 0.15, output: 1}
  currency: USD
  votes: 3
  judge: {name: big, base_url: https://j.example.org}
"""


def test_a_model() -> None:
    settings, problems = parse_settings(MODEL, "pioneer.yaml")
    assert problems == ()
    assert settings is not None
    urls = ("http://127.0.0.1:8000/v1", "https://b.example.org")
    judge = JudgeSettings("big", ("https://j.example.org",))
    assert settings.model == ModelSettings(
        urls, "Qwen/Qwen2.5-7B-Instruct", "OPENAI_API_KEY", 32, 600, 9000, Prices(0.15, 1.0), "USD", 3, judge
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("backend: model", [(1, 10, "missing-key")]),
        ("model: {name: x}", [(1, 8, "missing-key")]),
        ("model: {base_url: http://h}", [(1, 8, "missing-key")]),
        ("model: {base_url: h, name: x}", [(1, 19, "url")]),
        ("model: {base_url: [], name: x}", [(1, 19, "empty")]),
        ("model: {base_url: [http://h, ftp://h], name: x}", [(1, 30, "url")]),
        ("model: {base_url: 5, name: x}", [(1, 19, "quote")]),
        ("model:\n  base_url: http://h\n  name: x\n  max_inflight: 3", [(4, 3, "unknown-key")]),
        ("model: {base_url: http://h, name: x, prices: {input: 1}}", [(1, 46, "missing-key")]),
        ("model: {base_url: http://h, name: x, prices: {input: -1, output: 0}}", [(1, 54, "range")]),
        ("model: {base_url: http://h, name: x, currency: USD}", [(1, 48, "missing-key")]),
        ("model: {base_url: http://h, name: x, judge: {base_url: http://j}}", [(1, 45, "missing-key")]),
        ("model: {base_url: http://h, name: x, judge: {name: y, base_url: j}}", [(1, 65, "url")]),
        (f"model: {{base_url: http://h, name: {'x' * 201}}}", [(1, 35, "range")]),
        ("model: {base_url: http://h, name: x, api_key: y}", [(1, 38, "secret")]),
        ("model: {base_url: http://h, name: x, judge: {name: y, token: z}}", [(1, 55, "secret")]),
    ],
)
def test_a_wrong_model(text: str, expected: list[tuple[int, int, str]]) -> None:
    settings, problems = parse_settings(text.encode(), "pioneer.yaml")
    assert settings is None
    assert [(p.line, p.column, p.code) for p in problems] == expected


@pytest.mark.parametrize(
    "key", ["sk-proj-Zm9vYmFy", "hf_abcdefghijkl", "0123456789abcdef0123", "AKIAIOSFODNN7EXAMPLE", "Secret1"]
)
@pytest.mark.parametrize(
    "place",
    [
        "model: {base_url: http://h, name: x, api_key_env: %s}",
        "model: {base_url: http://h, name: x, api_key: %s, also: 1}",
        "model:\n  base_url: http://h\n  name: x\n  judge: {name: y, api_key_env: %s, votes: 0}",
        "model: {base_url: 'https://u:%s@h/v1', name: x, votes: no}",
        "model: {base_url: ['https://h/v1?k=%s'], name: x}",
    ],
)
def test_a_pasted_key_of_a_model_is_never_shown(place: str, key: str) -> None:
    settings, problems = parse_settings((place % key).encode(), "pioneer.yaml")
    assert settings is None
    assert key not in repr(problems)
    assert any(problem.line and problem.hint for problem in problems)


@pytest.mark.parametrize(
    "name", ["AWS_SECRET_ACCESS_KEY", "HOME", "GITHUB_TOKEN", "API_KEY", "PIONEER_API_KEY", "FASTINO_API_KEY"]
)
@pytest.mark.parametrize("place", ["api_key_env: %s", "judge: {name: y, api_key_env: %s}"])
def test_a_repository_can_not_send_any_variable_to_a_model(place: str, name: str) -> None:
    text = f"model:\n  base_url: http://h\n  name: x\n  {place % name}\n"
    settings, problems = parse_settings(text.encode(), "pioneer.yaml")
    assert settings is None
    assert [(p.line, p.column, p.code) for p in problems] == [(4, text.splitlines()[3].index(name) + 1, "secret")]
    assert "sent to the model" in problems[0].message


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "HF_API_TOKEN"])
def test_variables_that_are_named_as_api_keys_may_be_sent(name: str) -> None:
    text = f"model: {{base_url: http://h, name: x, api_key_env: {name}}}"
    assert parse_settings(text.encode(), "pioneer.yaml")[1] == ()
