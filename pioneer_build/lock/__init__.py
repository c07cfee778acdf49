"""`pioneer.lock`: what was built. docs/lock.md.

model                 the values in it: entries and their jobs
gold                  measures of a dataset against its gold rows
merge                 merges two locks
three_way             merges two locks that have a common ancestor
deletions             what a name that was deleted on the service takes with it
submission_sets       which of many records have submissions
lineages              which entries of these are the same dataset, if a side renamed some
jobs_known_elsewhere  takes over jobs that the journal or an earlier lock knows
json                  an entry as JSON values, and those as text
schema                which keys and types those must have, by version
source                parses a file up to its entries, and finds the line of each key
text                  reads and writes the bytes of `pioneer.lock`
split                 reads and writes the files of a split lock
astray                entries of a split lock that are in the file of another dataset
from_files            reads either kind from the texts of its files
conflict              the sides of a text with conflict markers of git
merge_sides           merges the sides of a conflict
"""

from pioneer_build.lock.model import DatasetState, Entry, Job, JobState, Labelling, Lock, Rejection, digest_of

__all__ = ["DatasetState", "Entry", "Job", "JobState", "Labelling", "Lock", "Rejection", "digest_of"]
