"""Results as text, JSON and Markdown: values in, text out. Nothing here prints, or reads a clock."""
