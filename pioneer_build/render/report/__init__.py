"""The report as one HTML file that loads nothing from anywhere. docs/report.md.

page     the file, put together of page.html, page.css and page.js
message  what is said of it
"""
