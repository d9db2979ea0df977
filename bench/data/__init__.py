"""Data: a dataset's files to encoded, memory-mapped interactions; protocols, splits, and views for plugins."""

from bench.data.prepared.cache import cache_dir
from bench.data.prepared.prepare import Status, prepare, status
from bench.data.splits import Given, LeaveLast, Temporal, UserHoldout
from bench.data.splits.base_predictions import Fit, FitPlan
from bench.data.splits.split import Split, divide
from bench.data.tables.frames import as_frame
from bench.data.tables.labels import Rule, parse_conditions, parse_rule
from bench.data.tables.packed import UNPACK_RATIO
from bench.data.tables.raw import missing_column
from bench.data.tables.read import FileKind, kind_of, read_delimited, read_json_lines, read_parquet
from bench.data.tables.scan import number_rows, scan_delimited, scan_json_lines, scan_parquet
from bench.data.views.interactions import Bags, Interactions
from bench.data.views.rows import TaskView, View

__all__ = [
    "UNPACK_RATIO",
    "Bags",
    "FileKind",
    "Fit",
    "FitPlan",
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
    "as_frame",
    "cache_dir",
    "divide",
    "kind_of",
    "missing_column",
    "number_rows",
    "parse_conditions",
    "parse_rule",
    "prepare",
    "read_delimited",
    "read_json_lines",
    "read_parquet",
    "scan_delimited",
    "scan_json_lines",
    "scan_parquet",
    "status",
]
