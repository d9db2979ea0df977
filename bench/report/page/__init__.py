"""A Report and its charts -> one self-contained HTML page."""
