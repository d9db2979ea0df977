"""A prepared dataset as plugins are handed it: rows and tasks, and nothing that they must not see."""
