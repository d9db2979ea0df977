"""A document of blocks -> a terminal, Markdown; a Report -> JSON."""
