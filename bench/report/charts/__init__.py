"""A Report -> charts: what is drawn, as plain data, a file a chart. They know nothing of matplotlib or HTML."""
