"""What torch is for: tables and lookup, the training loop, episodes, the adaptation engine, base classes of plugins."""

from bench.learn.calibration import Strengths, Support, calibrate, calibrate_by_user, calibrated, choose_strengths
from bench.learn.descent import descend, inner_step
from bench.learn.encode import Encoded, Encoder
from bench.learn.episodes import TaskData, all_as_support
from bench.learn.fitting import FittedModel, Gating, MetaLearned
from bench.learn.interpretation import Interpretation, interpret
from bench.learn.layers import Linear
from bench.learn.learnable import Learnable
from bench.learn.meta_training import Adapted, MetaHistory, adapt_and_predict, meta_train, query_loss
from bench.learn.network import Network, build_model, build_selector
from bench.learn.perceptron import PerceptronSelector
from bench.learn.plugins import DifferentiableModel, DifferentiableSelector
from bench.learn.training import Examples, Hidden, History, outputs, train

__all__ = [
    "Adapted",
    "DifferentiableModel",
    "DifferentiableSelector",
    "Encoded",
    "Encoder",
    "Examples",
    "FittedModel",
    "Gating",
    "Hidden",
    "History",
    "Interpretation",
    "Learnable",
    "Linear",
    "MetaHistory",
    "MetaLearned",
    "Network",
    "PerceptronSelector",
    "Strengths",
    "Support",
    "TaskData",
    "adapt_and_predict",
    "all_as_support",
    "build_model",
    "build_selector",
    "calibrate",
    "calibrate_by_user",
    "calibrated",
    "choose_strengths",
    "descend",
    "inner_step",
    "interpret",
    "meta_train",
    "outputs",
    "query_loss",
    "train",
]
