"""Records -> a Report: plain data, complete before anything is laid out."""
