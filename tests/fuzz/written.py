"""What people write: specs, settings, requests to make specs of."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

from pioneer_build.cache.parsed_specs import _packed, _unpacked  # what is packed must be unpacked as it was
from pioneer_build.errors import Problem
from pioneer_build.operations.init.api_requests import read_requests
from pioneer_build.operations.init.specs_from_requests import drafts_of
from pioneer_build.parse import parse_text
from pioneer_build.parse.between_specs import cross_check
from pioneer_build.parse.settings import parse_settings
from pioneer_build.render.problems import problems_text, problems_value
from pioneer_build.spec.fingerprint import definition_of, fingerprint_of
from tests.fuzz.mutations import any_value, json_bytes, mutated, mutated_value
from tests.fuzz.target import ROOT, Target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from random import Random

_MORE_SPECS = (
    (
        b"version: 1\ndataset_name: a\ntask_type: ner\nlabels: [person, org]\nnum_examples: 10\ndomain_description: x\n"
        b"classified_examples:\n  - text: Ada\n    label: person\nchecks:\n  max_duplicate_share: 0.1\n"
        b"  no_overlap_with: [b]\ntags: [x]\nowner: me\nprotect: true\nrenamed_from: c\non_change: new_version\n"
        b"---\nversion: 1\ndataset_name: b\ntask_type: decoder\nprompt: |\n  Write.\n  More.\nnum_examples: 5\n"
        b"top_up: true\n"
    ),
    b"version: 1\ndataset_name: l\ntask_type: classification\nlabels:\n- &a x\n- y\ninputs: [one, two, *a]\n",
    (
        b"version: 1\ndataset_name: m\ntask_type: ner\nlabels: {x: 'the first', y: second}\nnum_examples: 3\n"
        b"ner_examples: [{text: Ada in Rome, entities: [[Ada, x], [Rome, y]]}, {text: none, entities: []}]\n"
    ),
    b"version: 1\ndataset_name: f\ntask_type: ner\nlabels: [x]\ninputs: {path: data/*.jsonl, field: body, id: key}\n",
)
_SETTINGS = (
    b"version: 1\nbackend: local\nspecs: specs\nstore: ~/rows\nseed: 1\nlock: split\n",
    (
        b"backend: https://host:8080/v1\nbase_url: http://127.0.0.1:1/\nrequests_per_minute: 60\nmax_open_jobs: 4\n"
        b"checks:\n  max_duplicate_share: 0.2\n  min_rows: 1\nlimits:\n  max_requests: 10\n  max_examples: 100\n"
    ),
)
_BODIES = (
    {"dataset_name": "t", "task_type": "ner", "labels": ["a", "b"], "num_examples": 10, "domain_description": "x: y"},
    {"dataset_name": "d", "task_type": "decoder", "prompt": "Write.\n\n- x\n", "num_examples": 3.0, "odd": 1},
    {"labels": ["a"], "inputs": [f"text {n}" for n in range(22)], "task_type": "classification"},
)


@cache
def specs() -> Sequence[bytes]:
    """Good spec files."""
    return (*[path.read_bytes() for path in sorted((ROOT / "specs").glob("*.yaml"))], *_MORE_SPECS)


def _spec(random: Random) -> bytes:
    return mutated(random, random.choice(specs()), specs())


def _read_spec(data: bytes, folder: Path) -> None:
    parsed = parse_text(data, "specs/a.yaml")
    problems = (*parsed.problems, *cross_check(parsed.specs, parsed.broken, lambda _: data))
    _show(problems)
    for spec in parsed.specs:
        definition = definition_of(spec)
        one = (spec, definition, fingerprint_of(definition))
        assert _unpacked(json.loads(json.dumps(_packed(one))), spec.path) == one


def _show(problems: Sequence[Problem]) -> None:
    problems_text(problems, width=80).encode()
    json.dumps(problems_value(problems))


def _setting(random: Random) -> bytes:
    return mutated(random, random.choice(_SETTINGS), (*_SETTINGS, specs()[-1]))


def _read_settings(data: bytes, folder: Path) -> None:
    settings, problems = parse_settings(data, "pioneer.yaml")
    assert (settings is None) == bool(problems)
    _show(problems)


def _request(random: Random) -> bytes:
    value = mutated_value(random, random.choice(_BODIES)) if random.randrange(3) else any_value(random)
    body = json_bytes(value)
    style = random.randrange(5)
    if style == 0:
        return mutated(random, body) if random.randrange(2) else body
    url = random.choice((b"https://h/generate", b"https://h/generate/ner/label-existing", b"http://[x", b"'$U'"))
    quoted = (b"'" + body.replace(b"'", b"'\\''") + b"'") if style < 4 else b"$'" + body.replace(b"'", b"\\'") + b"'"
    option = random.choice((b"-d ", b"--data=", b"--json ", b"-sSd", b"--data-raw "))
    text = b"curl -X POST " + url + b" \\\n  -H 'X-API-Key: k' " + option + quoted + b"\n"
    return mutated(random, text) if random.randrange(2) else text


def _read_request(data: bytes, folder: Path) -> None:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return  # said by the caller
    for draft in drafts_of(read_requests(text), "stem", "specs", ["taken"]):
        assert parse_text(draft.text.encode(), draft.path).specs
        "".join(draft.files.values()).encode()


TARGETS = (
    Target("spec", _spec, _read_spec, 20),
    Target("settings", _setting, _read_settings),
    Target("request", _request, _read_request),
)
