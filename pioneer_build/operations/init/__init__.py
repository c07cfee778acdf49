"""Makes a folder a project, or requests that exist already specs.

set_up_project   all of it
project_files    writes what isn't there
starter_files    what that is in an empty project
api_requests     reads requests: JSON, or calls of curl
shell_words      the words of such calls
spec_drafts      specs made of requests
spec_yaml        a spec as YAML
"""
