"""Quality and throughput of the embedded engine, as the tables of docs/engine.md.

    python benchmarks/engine_quality.py --data FOLDER [--half report|tuning] [--limit N]

FOLDER holds labelled text, JSON lines of `{"text", "label"}` or `{"text", "entities": [{start, end, label}]}`
(the names are in CLASSES and ENTITIES below). Each file is cut in two by a digest of the text: rules and
weights were looked at on the tuning half alone; the report half is what the tables show. Files that
aren't there are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import time
import warnings
from collections import Counter
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from pioneer_build.draws import Draw
from pioneer_build.engine.embedding import embedder
from pioneer_build.engine.generating.filling import fill, joined
from pioneer_build.engine.generating.made_up_values import MadeUpValues
from pioneer_build.engine.generating.produce import produce
from pioneer_build.engine.labelling import classify, find_entities
from pioneer_build.engine.requests import GenerateRequest

Row = dict[str, Any]

CLASSES = {
    "AG News topics, bare names": ("ag_news_sample.jsonl", 0.70),
    "Tweet emotion": ("tweeteval_emotion_train.jsonl", 0.60),
    "Banking77": ("banking77_train.jsonl", 0.62),
    "SMS spam": ("sms_spam.jsonl", None),
}
ENTITIES = {
    "WikiGold": ("wikigold_sample.jsonl", ["person", "organization", "location"], 0.60),
    "WNUT17": ("wnut17_train.jsonl", ["person", "location"], None),
}
PATTERNS = (
    "email", "url", "phone", "iban", "card", "ip", "mac", "ssn", "uuid", "isbn",
    "money", "percent", "date", "time", "order number", "hashtag", "version", "file name",
)  # fmt: skip
_SLOT_OF = {"order number": "order", "file name": "file"}
#: Sentences that hold one value, and things beside it that aren't one.
CARRIERS = (
    "Please use {x} from now on.",
    "He wrote {x} on the back of the page, with 3 pages to go.",
    "{person} from {city} sent us {x} and asked for room 204.",
    "Is {x} right? I have 12 of them here.",
    "The value is {x}, not the one in chapter 7.",
    "We noted {x}; {company} has a copy.",
)


def rows_of(path: Path, half: str, limit: int) -> list[Row]:
    """Rows of one half of a file, the same ones every time."""
    bit = 1 if half == "report" else 0
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    rows = [row for row in rows if sha256(row["text"].encode()).digest()[0] & 1 == bit]
    Random(7).shuffle(rows)
    return rows[:limit]


def table(*columns: str) -> None:
    """The head of a table."""
    print(f"\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")


def line(*cells: Any) -> None:
    """A line of it."""
    print(f"| {' | '.join(f'{c:.3f}' if isinstance(c, float) else str(c) for c in cells)} |", flush=True)


def classes(folder: Path, half: str, limit: int) -> None:
    table(f"zero-shot classification ({half} half)", "rows", "labels", "majority", "accuracy", "aim", "texts/s")
    for name, (file, aim) in CLASSES.items():
        if not (folder / file).exists():
            continue
        labels = sorted({json.loads(row)["label"] for row in (folder / file).read_text("utf-8").splitlines()})
        rows = rows_of(folder / file, half, limit)
        began = time.perf_counter()
        choices = classify(labels, [row["text"] for row in rows])
        rate = len(rows) / (time.perf_counter() - began)
        right = sum(choice.label == row["label"] for choice, row in zip(choices, rows, strict=True)) / len(rows)
        majority = Counter(row["label"] for row in rows).most_common(1)[0][1] / len(rows)
        line(name, len(rows), len(labels), majority, right, aim or "–", round(rate))


def entities(folder: Path, half: str, limit: int) -> None:
    table(f"entities, exact spans ({half} half)", "texts", "precision", "recall", "F1", "aim", "texts/s")
    for name, (file, labels, aim) in ENTITIES.items():
        if not (folder / file).exists():
            continue
        rows = rows_of(folder / file, half, limit)
        find_entities(labels, ["Ada Lovelace lived in London."])  # loads the model
        began = time.perf_counter()
        found = find_entities(labels, [row["text"] for row in rows])
        rate = len(rows) / (time.perf_counter() - began)
        hits = extra = missed = 0
        for row, got in zip(rows, found.entities, strict=True):
            gold = {(e["start"], e["end"], e["label"]) for e in row["entities"] if e["label"] in labels}
            ours = {(e.start, e.end, e.label) for e in got}
            hits, extra, missed = hits + len(gold & ours), extra + len(ours - gold), missed + len(gold - ours)
        f1 = 2 * hits / (2 * hits + extra + missed)
        what = f"{name}: {', '.join(labels)}"
        line(what, len(rows), hits / (hits + extra), hits / (hits + missed), f1, aim or "–", round(rate))


def patterns(half: str) -> None:
    """Values are Faker's where Faker has the kind; the rest are the engine's own, which its patterns know."""
    from faker import Faker

    faker = Faker(["en_US", "en_GB"])
    faker.seed_instance(37 if half == "report" else 11)
    dates = ["%Y-%m-%d", "%d %B %Y", "%B %d, %Y", "%d/%m/%Y", "%b %d, %Y"]
    makers: dict[str, Any] = {
        "email": faker.email,
        "url": faker.url,
        "phone": faker.phone_number,
        "iban": faker.iban,
        "mac": faker.mac_address,
        "ip": faker.ipv4,
        "ssn": lambda: faker["en_US"].ssn(),
        "uuid": faker.uuid4,
        "isbn": faker.isbn13,
        "card": faker.credit_card_number,
        "file name": faker.file_name,
        "date": lambda: faker.date_object().strftime(faker.random_element(dates)),
        "time": lambda: faker.time(faker.random_element(["%H:%M", "%H:%M:%S", "%I:%M %p"])),
    }
    table(f"pattern ({half} values)", "values from", "values", "precision", "recall", "F1")
    for kind in PATTERNS:
        texts, gold = [], []
        for i in range(120):
            draw = Draw("benchmark", half, "37", kind, i)
            value = str(makers[kind]()) if kind in makers else MadeUpValues(draw).of(_SLOT_OF.get(kind, kind))
            sentence = joined(fill(draw.pick(CARRIERS).replace("{x}", "\0"), MadeUpValues(draw)))
            start = sentence.index("\0")
            texts.append(sentence.replace("\0", value))
            gold.append({(start, start + len(value))})
        ours = [{(e.start, e.end) for e in got} for got in find_entities([kind], texts).entities]
        hits = sum(len(a & b) for a, b in zip(gold, ours, strict=True))
        precision, recall = hits / max(sum(map(len, ours)), 1), hits / len(gold)
        f1 = 2 * precision * recall / max(precision + recall, 1e-9)
        line(kind, "Faker" if kind in makers else "engine", len(gold), precision, recall, f1)
        if os.environ.get("SHOW_MISSES"):
            for text, a, b in zip(texts, gold, ours, strict=True):
                if a != b:
                    print("   ", text, [text[x:y] for x, y in b])


def _head(texts: list[str], labels: list[str]) -> Any:
    """A softmax head on sentence embeddings, by gradient descent."""
    names = sorted(set(labels))
    x = embedder().embed(texts).astype(np.float64) * 8
    y = np.eye(len(names))[[names.index(label) for label in labels]]
    weights = np.zeros((x.shape[1], len(names)))
    for _ in range(400):
        logits = x @ weights
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        weights -= 0.1 * (x.T @ (shares - y) / len(x) + 0.002 * weights)
    return lambda more: [names[i] for i in (embedder().embed(more).astype(np.float64) @ weights).argmax(axis=1)]


def _words(texts: list[str], labels: list[str]) -> Any:
    """Naive Bayes on words: what a model without any prior knowledge of meaning learns."""
    names = sorted(set(labels))
    counts: dict[str, Counter[str]] = {name: Counter() for name in names}
    for text, label in zip(texts, labels, strict=True):
        counts[label].update(set(re.findall(r"[a-z]{3,}", text.lower())))
    totals = {name: sum(counts[name].values()) for name in names}
    known = len(set().union(*counts.values()))

    def best(text: str) -> str:
        words = set(re.findall(r"[a-z]{3,}", text.lower()))
        score = {n: sum(np.log((counts[n][w] + 0.3) / (totals[n] + 0.3 * known)) for w in words) for n in names}
        return max(names, key=lambda n: score[n])

    return lambda more: [best(text) for text in more]


def generation(folder: Path, half: str, limit: int) -> None:
    path = folder / "ag_news_sample.jsonl"
    if not path.exists():
        return
    tests = rows_of(path, half, limit)
    texts, gold = [row["text"] for row in tests], [row["label"] for row in tests]
    other = rows_of(path, "tuning" if half == "report" else "report", 5000)
    labels = sorted(set(gold))
    results: dict[str, list[tuple[float, float]]] = {}
    for trial in range(3):
        Random(trial).shuffle(other)
        shots = [
            {"text": row["text"], "label": label}
            for label in labels
            for row in [row for row in other if row["label"] == label][:4]
        ]
        body: Row = {
            "task_type": "classification",
            "dataset_name": f"bench-{trial}",
            "labels": labels,
            "num_examples": 400,
        }
        alone = [(shot["text"], shot["label"]) for shot in shots]
        guided = _generated(body | {"classified_examples": shots})
        for name, train in {
            "16 real examples alone": alone,
            "400 generated rows, no examples given": _generated(body),
            "400 generated rows, the 16 examples given": guided,
            "those 400 rows and the 16 examples": alone * 5 + guided,
        }.items():
            told, labelled = [text for text, _ in train], [label for _, label in train]
            scores = [float(np.mean(np.array(fit(told, labelled)(texts)) == np.array(gold))) for fit in (_head, _words)]
            results.setdefault(name, []).append((scores[0], scores[1]))
    table("trained on (AG News, mean of 3 draws)", "embeddings + softmax", "words, naive Bayes")
    for name, found in results.items():
        line(name, float(np.mean([a for a, _ in found])), float(np.mean([b for _, b in found])))


def _generated(body: Row) -> list[tuple[str, str]]:
    rows = produce(GenerateRequest(**body), seed=0, earlier=[], on_progress=lambda _: None)
    return [(row["text"], row["label"]) for row in rows]


def throughput() -> None:
    bodies: list[Row] = [
        {
            "task_type": "ner",
            "labels": ["person", "company", "product"],
            "domain_description": "Tech industry news",
        },
        {
            "task_type": "classification",
            "labels": ["billing", "refund", "delivery"],
            "domain_description": "Support",
        },
        {"task_type": "decoder", "prompt": "Short, polite answers to customers"},
    ]
    table("generation", "rows", "rows/s", "distinct")
    for body in bodies:
        request = GenerateRequest(dataset_name="bench", num_examples=600, **body)
        began = time.perf_counter()
        rows = produce(request, seed=0, earlier=[], on_progress=lambda _: None)
        rate = len(rows) / (time.perf_counter() - began)
        line(body["task_type"], len(rows), round(rate), len({json.dumps(row) for row in rows}))


def main() -> None:
    warnings.filterwarnings("ignore")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--half", choices=("report", "tuning"), default="report")
    parser.add_argument("--limit", type=int, default=1000, help="rows a data set")
    options = parser.parse_args()
    classes(options.data, options.half, options.limit)
    entities(options.data, options.half, options.limit)
    patterns(options.half)
    generation(options.data, options.half, min(options.limit, 600))
    throughput()


if __name__ == "__main__":
    main()
