"""What a plugin implements, a file a kind. Importing it imports neither torch nor pandas.

A plugin is a class with a `name`, a docstring whose first line is its summary, a pydantic `Params`, and the methods of one of
these interfaces. Hooks (`bench.hookspecs`) hand the harness names and addresses of such classes.
"""

from bench.interfaces.datasets import Column, Dataset, Scan, Source, Tables
from bench.interfaces.executors import Executor, StepEvent
from bench.interfaces.meta_learners import Block, Episodes, Learnable, MetaLearner
from bench.interfaces.metrics import Metric, MetricRows, Score, UserParts
from bench.interfaces.models import Differentiable, DifferentiableModel, Lookup, Model
from bench.interfaces.plugin import Plugin, PluginParams
from bench.interfaces.protocols import Cut, SplitProtocol, Timeline
from bench.interfaces.rows import Context, Field, Fields, FitNotes, History, Rows
from bench.interfaces.selectors import DifferentiableSelector, Selection, Selector, Tasks

__all__ = [
    "Block",
    "Column",
    "Context",
    "Cut",
    "Dataset",
    "Differentiable",
    "DifferentiableModel",
    "DifferentiableSelector",
    "Episodes",
    "Executor",
    "Field",
    "Fields",
    "FitNotes",
    "History",
    "Learnable",
    "Lookup",
    "MetaLearner",
    "Metric",
    "MetricRows",
    "Model",
    "Plugin",
    "PluginParams",
    "Rows",
    "Scan",
    "Score",
    "Selection",
    "Selector",
    "Source",
    "SplitProtocol",
    "StepEvent",
    "Tables",
    "Tasks",
    "Timeline",
    "UserParts",
]
