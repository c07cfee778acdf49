"""`pioneer.lock`: what was built. docs/lock.md.

model                 the values in it: entries and their jobs
gold                  measures of a dataset against its gold rows
merge                 merges two locks
three_way             merges two locks that have a common ancestor
branches              the jobs that a dataset had on one of several branches
deletions             what a name that was deleted on the service takes with it
submission_sets       which of many records have submissions
lineages              which entries of these are the same dataset, if a side renamed some
pending_renames       the entry of a dataset, whether or not its rename was applied: the only way to look one up
jobs_known_elsewhere  takes over jobs that the journal or an earlier lock knows
json                  an entry as JSON values, and those as text
schema                which keys and types those must have, by version
source                parses a file up to its entries, and finds the line of each key
file_text             the text of `pioneer.lock`, or of one file of a split lock: written and read
split                 reads and writes the files of a split lock
astray                entries of a split lock that are in the file of another dataset
read_files            reads a lock from the texts of its files, of either kind, with conflicts or without
conflict              the sides of a text with conflict markers of git
merge_sides           merges the sides of a conflict
"""

from pioneer_build.lock.model import DatasetState, Entry, Job, JobState, Labelling, Lock, Rejection, digest_of

__all__ = ["DatasetState", "Entry", "Job", "JobState", "Labelling", "Lock", "Rejection", "digest_of"]
