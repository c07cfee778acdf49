"""Results as text, Markdown and a page: values in, text out. Nothing here prints, or reads a clock.

`render/X` shows what `operations/X` found. JSON is the values' own (`plan/json`, `diff/json`, `value()` in `results`),
but for the JSON of `apply` and of mistakes in files, which stand beside their text.

apply, check, doctor, export, gc, init, show, status, validate    what these commands found, as text
plan, diff                     a plan, and what changed, as text
plan_markdown, diff_markdown   the same for a comment of a pull request
report                         the page of `report`
problems                       mistakes in files, as text like a good compiler's
text                           lines of a terminal's width, and colours
markdown                       text that a forge shows as it is, and how much of it a comment holds
github                         commands of a workflow, which a runner shows beside lines of files
"""
