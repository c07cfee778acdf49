"""The report: one HTML file of datasets, jobs, rows and changes, which loads nothing from anywhere. docs/report.md.

gather   what there is to show, out of lock, plan and store
counts   what a dataset's rows hold, as charts want it
rows     rows in the short form the page reads, packed into chunks
page     all of it in one file; page.html, page.css and page.js are its parts
"""

from pioneer_build.report.gather import Contents, gather
from pioneer_build.report.page import write_page

__all__ = ["Contents", "gather", "write_page"]
