"""metaselector-bench: a benchmark of recommender model selection. Importing it imports neither torch nor pandas."""

from bench.hookspecs import hookimpl

__all__ = ["__version__", "hookimpl"]

__version__ = "0.1.0"
