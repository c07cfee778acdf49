"""Results as text, Markdown and a page: values in, text out. Nothing here prints, or reads a clock.

A module a command: `render/X` shows what `operations/X` found (`plan_markdown` and `diff_markdown` for pull requests,
`report` for the page). JSON is the values' own: `plan/json`, `diff/json`, and `value()` of what is in `results`.

text      lines of a terminal's width, colours, symbols' colours
markdown  text that a forge shows as it is, and how much of it a comment holds
github    workflow commands, which a runner shows beside lines of files
problems  mistakes in files, as text like a good compiler's, and as JSON values
"""
