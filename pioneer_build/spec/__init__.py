"""What is wanted: a spec, its settings and its fingerprint, as values. Pure.

model               one spec declares one dataset
settings            what `pioneer.yaml` may set
dataset_name        what the name of a dataset may be
file_names          which files are specs, by their names
loopback            what means this machine
base_url            the one rule for the address of a service
fingerprint         `fp1`: the canonical form of a definition and its digest
json_values         how many values a JSON text has, before it is parsed
label_descriptions  descriptions of labels in a definition, and found again there to show them
guidance            which keys a backend can be told
unicode_form        Unicode normal forms, in time that grows with the text only
white_space         white space that carries no meaning in a definition
blank               texts in which there is nothing to see
written_path        paths as people write them, and what in them would be misread
request_limits      what one request to the service may hold
declared            a spec with its definition and fingerprint, as the planner takes it
"""
