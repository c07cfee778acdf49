"""Results as text, Markdown and HTML: values in, text out. Nothing here prints, or reads a clock.

`render/X` shows the results of `operations/X`. JSON is made by `plan/json`, `diff/json` and `value()` of the results;
only the JSON of `apply` and of errors in files is made here, beside the text.

apply, check, doctor, export, gc, init, journal, lock, show, status, validate    the results of these commands as text
plan, diff                     a plan, and what changed, as text
plan_markdown, diff_markdown   the same as Markdown, for a comment on a pull request
report                         the page of `report`
problems                       errors in files, as text in the style of a compiler
cost                           calls, tokens and money
text                           wraps lines to the width of a terminal
colours                        which there are, of which symbol, and when (NO_COLOR)
markdown                       escapes text for Markdown
markdown_limit                 keeps a page below the size of a comment: what is left out, and the sentence about it
github                         workflow commands of GitHub, which are shown beside lines of files
"""
