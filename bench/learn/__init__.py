"""What torch is for: tables and lookup, the training loop, episodes, the adaptation engine, base classes of plugins."""

from bench.learn.encode import Encoded, Encoder
from bench.learn.network import Network, build_model, build_selector
from bench.learn.plugins import DifferentiableModel, DifferentiableSelector
from bench.learn.training import Examples, Hidden, History, outputs, train

__all__ = [
    "DifferentiableModel",
    "DifferentiableSelector",
    "Encoded",
    "Encoder",
    "Examples",
    "Hidden",
    "History",
    "Network",
    "build_model",
    "build_selector",
    "outputs",
    "train",
]
