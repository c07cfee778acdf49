"""Sets up a project in a folder, or converts existing API requests to specs.

set_up_project       the whole operation
project_files        writes the files that don't exist yet
starter_files        the files for an empty project
api_requests         reads requests: JSON, or curl commands
shell_words          splits shell scripts into words
specs_from_requests  makes specs from requests
spec_yaml            writes a spec as YAML
"""
