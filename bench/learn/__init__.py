"""What torch is for: tables and lookup, the training loop, episodes, the adaptation engine, base classes of plugins."""

from bench.interfaces import History
from bench.learn.adaptation.descent import descend, inner_step
from bench.learn.adaptation.interpretation import Interpretation, interpret
from bench.learn.adaptation.learnable import Learnable
from bench.learn.adaptation.meta_training import MetaHistory, meta_train
from bench.learn.adaptation.predicting import Adapted, adapt_and_predict, query_loss
from bench.learn.adaptation.supports import all_as_support
from bench.learn.adaptation.task_data import TaskData
from bench.learn.calibration import (
    Strengths,
    Support,
    calibrate,
    calibrate_by_user,
    calibrated,
    choose_strengths,
)
from bench.learn.fitting import FittedModel, Gating, MetaLearned
from bench.learn.network.draws import Hidden
from bench.learn.network.encoder import Encoded, Encoder
from bench.learn.network.examples import Examples
from bench.learn.network.layers import Linear
from bench.learn.network.network import Network, build_model, build_selector
from bench.learn.network.perceptron_selector import PerceptronSelector
from bench.learn.network.plugins import DifferentiableModel, DifferentiableSelector
from bench.learn.network.training import outputs, train

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
