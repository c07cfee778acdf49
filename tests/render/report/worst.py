"""A project of texts that try to get out of where they stand."""

from __future__ import annotations

from pioneer_build.checks.quarantined_rows import QuarantinedRow
from tests.made import Made, spec_text

#: Texts that try to get out of where they stand.
WORST = (
    "<script>window.pwned = 1</script>",
    "</script><script>window.pwned = 2</script>",
    "<!--<script>window.pwned = 3//-->",
    "]]><img src=x onerror=window.pwned=4>",
    '"><svg onload=window.pwned=5>',
    "javascript:window.pwned=6",
    "<a href='javascript:window.pwned=7' autofocus onfocus=window.pwned=7>x</a>",
    "<iframe srcdoc='<script>parent.pwned=8</script>'></iframe>",
    "{{constructor.constructor('window.pwned=9')()}} ${window.pwned=10}",
    "line\u2028separator\u2029paragraph",
    "right\u202eto left\u202c, isolate \u2066x\u2069, mark \u200e\u200f",
    "nul \x00 bell \x07 escape \x1b[31mred\x1b[0m delete \x7f c1 \x9b31m",
    "zero\u200bwidth, soft\u00adhyphen, bom \ufeff, tag \U000e0041, filler \u3164, selector \U000e0100",
    "family 👨‍👩‍👧, flag 🏳️‍🌈, skin 👍🏽, math 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    "مرحبا بالعالم، هذا نص عربي",
    "Zalgo: Z̴̢̛a̷̡l̶g̵o̸" + "̴" * 200,
    "\\u003c/script\\u003e &lt;b&gt; &amp; %3Cscript%3E",
    "__proto__",
    "tab\tnewline\nreturn\rend",
    "A" * 200_000,
    "no break " + "=" * 5_000,
)


def worst_project(made: Made) -> None:
    """Three datasets of the worst strings, in every place that data may have."""
    labels = ["<b>label</b>", "x</script>", "\u202ertl", "constructor"]
    made.dataset(
        spec_text("worst-classes", "classification", labels=labels, num_examples=len(WORST), description=WORST[1],
                  owner=WORST[3], domain_description=WORST[0]),
        [{"text": text, "label": labels[i % 4], "score": 0.5} for i, text in enumerate(WORST)],
        [
            QuarantinedRow(i + 1, {"text": text, "label": "\ud800 lone <img src=x onerror=window.pwned=11>"},
                        "undeclared-label", f"the label {text[:60]} is not declared")
            for i, text in enumerate(WORST)
        ],
        reason=WORST[4],
    )  # fmt: skip
    made.dataset(
        spec_text("worst-spans", "ner", labels=labels, num_examples=len(WORST), domain_description="x"),
        [
            {
                "id": text[:40],
                "text": text,
                "entities": [
                    {"text": text[start:end], "label": label, "start": start, "end": end}
                    for (start, end), label in zip(((0, len(text)), (1, 6), (4, 9)), labels, strict=False)
                ],
            }
            for text in WORST
        ],
    )
    made.dataset(
        spec_text("worst-talk", "decoder", num_examples=len(WORST), prompt=WORST[2]),
        [
            {"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": text[::-1]}]}
            for text in WORST
        ],
    )
    made.write_lock()
