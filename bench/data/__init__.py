"""Data: a dataset's files to encoded, memory-mapped interactions; protocols, splits, and views for plugins."""

from bench.data.base_predictions import Fit, fits, sources
from bench.data.cache import cache_dir
from bench.data.interactions import Bags, Interactions
from bench.data.labels import Rule, parse_condition, parse_rule
from bench.data.prepare import Status, prepare, status
from bench.data.protocols import Given, LeaveLast, Temporal, UserHoldout
from bench.data.read import read_delimited, read_parquet
from bench.data.rows import TaskView, View
from bench.data.split import Split, divide

__all__ = [
    "Bags",
    "Fit",
    "Given",
    "Interactions",
    "LeaveLast",
    "Rule",
    "Split",
    "Status",
    "TaskView",
    "Temporal",
    "UserHoldout",
    "View",
    "cache_dir",
    "divide",
    "fits",
    "parse_condition",
    "parse_rule",
    "prepare",
    "read_delimited",
    "read_parquet",
    "sources",
    "status",
]
