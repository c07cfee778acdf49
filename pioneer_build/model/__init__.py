"""A language model's endpoint: any server of the chat-completions API. Makes rows and labels texts.

chat_makers      for callers on any thread; everything below runs on its event loop
chat             calls: as many at a time as allowed, asked again as long as that helps
dialect          how a call is written, with structured output or without
known_dialect    what a server understands of that, found out with the first calls
longer_answers   whether an answer that was cut off may have more tokens
servers          several base URLs: spread, and left out while they don't answer
pace             limits per minute
refusals         what a response means that isn't a success
troubles         the errors of a call, and what they mean for others
read_answer      a completion, and the JSON in it
labelling        labels texts
asking_again     keeps a model that can't label them from being asked again and again
label_prompts    what a model is told to label texts
label_answers    the labels in what it answered
confidence       how sure it was of a label
generating       makes the rows of a job
attributes       how the row at each ordinal differs from the others
row_prompts      what a model is told to write a row
likeness         finds near-copies among rows
server_check     what `doctor` asks of a server
together         runs coroutines at the same time
values           what these share
prompt_revision  the revision of the prompts

Importing this package imports none of its modules.
"""
