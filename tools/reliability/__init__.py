"""The page of faults and the tests that provoke them: `python -m tools.reliability --help`."""
