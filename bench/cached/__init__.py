"""What lies in the cache: how much, since when unused, for which runs; and what of it may go."""

from bench.cached.contents import Contents, Entry, contents, is_cache
from bench.cached.needs import needed
from bench.cached.pruning import Criteria, Pruned, prune

__all__ = ["Contents", "Criteria", "Entry", "Pruned", "contents", "is_cache", "needed", "prune"]
