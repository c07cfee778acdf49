"""What a decoder's prompt asks for: one or several of seven tasks, a length, and a tone.

The engine supports only tasks for which the message alone determines the completion, so that both always agree. It
can't write freely.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pioneer_build.engine.embedding import embedder

Task: TypeAlias = Literal["extract", "rewrite", "summarize", "title", "classify", "qa", "reply"]
Tone: TypeAlias = Literal["polite", "friendly", "plain"]

#: Words that ask for each task, and a description of the task.
_TASKS: dict[Task, tuple[str, str]] = {
    "extract": (
        r"\bextract|\bpull out|\bas json\b|\bjson\b|\bfields?\b|\bentities\b|\bstructured",
        "extract names, numbers and dates from a text as JSON",
    ),
    "rewrite": (
        r"\brewrite|\brephrase|\bparaphrase|\bmore formal|\bformal (?:tone|style|version)|\bpolite version",
        "rewrite a message in a formal tone",
    ),
    "summarize": (
        r"\bsummar|\btl;?dr|\bkey points?|\bin short\b|\bcondense|\bgist\b",
        "summarize a message in one sentence",
    ),
    "title": (r"\btitle|\bsubject line|\bheadline", "write a subject line for an email"),
    "classify": (
        r"\bclassif|\bcategor|\bwhich (?:team|department)|\broute\b|\brouting\b|\btriage|\bintent",
        "name the category of a message",
    ),
    "qa": (
        r"\bquestion[- ]answer|\bq ?& ?a\b|\bqa\b|\bpassage|\bcontext\b|\breading comp|\bfact|\btrivia",
        "answer a question about a passage",
    ),
    "reply": (
        r"\brepl(?:y|ies)|\bresponse|\brespond|\banswers?\b|\bsupport\b|\bagent\b|\bassistant\b|\bcustomer|\bchat|\bconversation|\bdialog|\bhelp",
        "a helpful reply to a customer's message",
    ),
}
_ADDRESSED = re.compile(r"^\s*(?:you are|you're|act as|you will act|as an? )\b", re.IGNORECASE)
_SHORT = re.compile(r"\bshort|\bbrief|\bconcise|\bone[- ]sentence|\bone[- ]line|\bone or two sentences", re.IGNORECASE)
_LONG = re.compile(r"\bdetailed|\bthorough|\blong\b|\bstep[- ]by[- ]step|\bin depth", re.IGNORECASE)
_POLITE = re.compile(r"\bpolite|\bformal|\bcourteous|\bprofessional", re.IGNORECASE)
_FRIENDLY = re.compile(r"\bfriendly|\bwarm|\bcasual|\binformal|\bcheerful", re.IGNORECASE)

#: Prompts for each task; `{}` is the message. A question has its own passage.
INSTRUCTIONS: dict[Task, tuple[str, ...]] = {
    "extract": (
        "Extract the details as JSON:\n{}",
        "Which details does this message contain? Answer in JSON.\n\n{}",
        "Message: {}\nFields as JSON:",
    ),
    "rewrite": (
        "Rewrite this in a formal tone:\n{}",
        "Make this more formal: {}",
        "Please rephrase politely:\n\n{}",
    ),
    "summarize": (
        "Summarize in one sentence:\n{}",
        "TL;DR of this message?\n\n{}",
        "What does the writer want? One sentence, please.\n{}",
    ),
    "title": (
        "Write a subject line for this email:\n{}",
        "Subject for: {}",
        "Give this message a short title.\n\n{}",
    ),
    "classify": ("Which category does this message belong to?\n{}", "Message: {}\nCategory:", "Classify: {}"),
    "reply": ("{}",),
}


@dataclass(frozen=True, slots=True)
class Manner:
    """The style of replies: their tone, and whether the prompt wants them `short` or `long`."""

    tone: Tone
    short: bool
    long: bool


def manner_of(prompt: str) -> Manner:
    """The style that a prompt asks for."""
    tone: Tone = "polite" if _POLITE.search(prompt) else "friendly" if _FRIENDLY.search(prompt) else "plain"
    return Manner(tone, short=bool(_SHORT.search(prompt)), long=bool(_LONG.search(prompt)))


def is_system_message(prompt: str) -> bool:
    """Whether a prompt addresses the assistant ("You are …"): then it becomes the first message of each row."""
    return _ADDRESSED.match(prompt) is not None


def tasks_of(prompt: str) -> tuple[Task, ...]:
    """The tasks that a prompt asks for: by its words, else the nearest one in meaning."""
    if not prompt:
        return ("reply", "qa", "summarize", "extract")
    named = tuple(task for task, (words, _) in _TASKS.items() if re.search(words, prompt, re.IGNORECASE))
    if named:
        # "answer customers" also occurs in prompts for one of the other tasks
        return tuple(task for task in named if task != "reply") or named
    tasks = tuple(_TASKS)
    vectors = embedder().embed([prompt, *(_TASKS[task][1] for task in tasks)])
    near = (vectors[1:] @ vectors[0]).round(2)
    return (tasks[int(near.argmax())],)
