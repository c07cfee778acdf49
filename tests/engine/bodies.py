"""A request of each task."""

from __future__ import annotations

from typing import Any

NER: dict[str, Any] = {
    "task_type": "ner",
    "dataset_name": "my-ner-dataset",
    "labels": ["person", "company", "product"],
    "num_examples": 20,
    "domain_description": "Tech industry news articles",
}
TOPICS: dict[str, Any] = {
    "task_type": "classification",
    "dataset_name": "topics",
    "labels": ["sports", "business"],
    "num_examples": 8,
}
DECODER: dict[str, Any] = {
    "task_type": "decoder",
    "dataset_name": "chats",
    "num_examples": 6,
    "prompt": "Short, polite support replies",
}
