"""How the project's code is divided and how dense it is: `python -m tools.structure --help`."""
