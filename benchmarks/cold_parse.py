"""What a cold plan pays for its specs: read from text, judged, fingerprinted; against libyaml's own load.

    python benchmarks/cold_parse.py [COUNT]

Prints the ratio for COUNT (1,000) specs of about 2 kB, both measured in this run, imports aside.
"""

from __future__ import annotations

import random
import sys
import time
from typing import TYPE_CHECKING

import yaml

from pioneer_build.parse import cross_check, parse_text
from pioneer_build.parse.schema import spec_adapter
from pioneer_build.spec.fingerprint import definition_of, fingerprint_of

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = ("the of a bookshop customer order refund charged late parcel invoice account login urgent").split()  # noqa: SIM905
LIMIT = 1.5


def make(count: int) -> list[bytes]:
    """`count` specs as people write them: comments, block and flow lists, a folded description."""
    rng = random.Random(1)

    def words(n: int) -> str:
        return " ".join(rng.choices(WORDS, k=n))

    specs = []
    for i in range(count):
        labels = [f"label-{j}" for j in range(8)]
        text = f"# spec {i}\nversion: 1\ndataset_name: ds-{i:05d}\ntask_type: classification\nlabels:\n"
        text += "".join(f"  - {label}\n" for label in labels)
        text += f"num_examples: {rng.randint(1, 900)}\ndomain_description: >\n  {words(12)}\n  {words(12)}\n"
        text += "owner: team-a\ntags: [a, b]\nchecks: {min_accepted: 0.9, max_duplicate_ratio: 0.05}\n"
        text += "classified_examples:\n"
        while len(text) < 2000:
            text += f'  - {{text: "{words(9)}", label: {rng.choice(labels)}}}\n'
        specs.append(text.encode())
    return specs


def load(texts: list[bytes]) -> None:
    """The peer: what `yaml.load` costs, nothing judged."""
    for text in texts:
        yaml.load(text, Loader=yaml.CSafeLoader)


def parse(texts: list[bytes]) -> None:
    """Ours: places, every check, definition and fingerprint, and the rules between specs."""
    specs = []
    for i, text in enumerate(texts):
        parsed = parse_text(text, f"specs/{i}.yaml")
        assert not parsed.problems, parsed.problems[0]
        specs += parsed.specs
    for spec in specs:
        fingerprint_of(definition_of(spec))
    assert not cross_check(specs)


def seconds(work: Callable[[list[bytes]], None], texts: list[bytes]) -> float:
    """How long one round takes."""
    start = time.perf_counter()
    work(texts)
    return time.perf_counter() - start


def main() -> int:
    """Measures in turns, so that a busy machine is busy for both."""
    texts = make(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    spec_adapter()
    rounds = [(seconds(load, texts), seconds(parse, texts)) for _ in range(5)]
    ratio = sorted(ours / theirs for theirs, ours in rounds)[len(rounds) // 2]
    print(f"{len(texts):,} specs, {sum(map(len, texts)) / len(texts):,.0f} bytes each")
    print(f"libyaml load {min(r[0] for r in rounds):.3f} s   parse {min(r[1] for r in rounds):.3f} s")
    print(f"ratio {ratio:.2f} (aim: at most {LIMIT})")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    raise SystemExit(main())
