"""Calls of curl as people keep them: two requests and a poll, with a key that must not be kept."""

from __future__ import annotations

CALL = """\
curl -X POST https://api.pioneer.ai/generate \\
  -H "X-API-Key: pio_sk_not_to_be_kept" \\
  -H "Content-Type: application/json" \\
  -d '{
    "task_type": "ner",
    "dataset_name": "my-ner-dataset",
    "labels": ["person", "company", "no"],
    "num_examples": 100,
    "multi_label": true,
    "domain_description": "Tech news: it'\\''s new"
  }'
curl https://api.pioneer.ai/generate/jobs/JOB_ID -H "X-API-Key: pio_sk_not_to_be_kept"
curl -sSX POST "https://api.pioneer.ai/generate/ner/label-existing" \\
  --data-raw $'{"labels": ["a"], "inputs": ["It\\'s"]}' | jq
"""
