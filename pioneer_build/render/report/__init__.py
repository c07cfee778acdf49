"""The report as one HTML file that loads no external resources. docs/report.md.

page     the file, made of page.html, page.css and page.js
message  the message about it
"""
