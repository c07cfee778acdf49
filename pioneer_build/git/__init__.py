"""Runs git, which reads and runs nothing that a repository's configuration says.

program     the one place that starts it
places      where a repository is, found without git
kept_files  what it would wait for without end
config_values  the files that its configuration names
repository  the repository that a folder is in, and what keeps git from reading it
revisions   files at a commit, and the commits that a name means
history     every commit that a clone can reach
objects     the objects of a repository, thousands of them at once
work_tree   what git tracks, ignores or left out; both sides of a merge
driver      the merge driver for `pioneer.lock`
"""
