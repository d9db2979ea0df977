"""One suite out of several sources: included files, grids, overrides of the command line."""
