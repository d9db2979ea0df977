"""Metrics, bounds, and what is derived over records: best-single, RelaImpr, means over seeds, ties."""

from bench.evaluate.analysis.analyse import Analysed, analyse
from bench.evaluate.analysis.chosen import held_against
from bench.evaluate.analysis.findings import (
    USER_LEVELS,
    AdaptationEffect,
    Analysis,
    AttainableBound,
    Calibration,
    ChosenShares,
    ClosedGap,
    MethodAnalysis,
    PlainAverage,
    Regret,
    Reliability,
    Segment,
    UserBand,
    UserDifferences,
    UserSpread,
    analysis_from_json,
    analysis_to_json,
)
from bench.evaluate.analysis.of_records import unlike_records
from bench.evaluate.analysis.user_table import user_table
from bench.evaluate.inference.detectable import POWER
from bench.evaluate.inference.holm import none_below_level
from bench.evaluate.inference.paired import (
    NOT_AFTER_HOLM,
    ONE_SEED,
    SAME_FIGURE,
    Paired,
    Verdict,
    adjust,
    leaves_out_zero,
    paired,
)
from bench.evaluate.inference.ranks import RankTest, rank_test, tied_ranks
from bench.evaluate.inference.resampling import LOGLOSS_AND_AUC, Resampled, resample
from bench.evaluate.inference.slices import Slice
from bench.evaluate.inference.standard_error import LEVEL
from bench.evaluate.metrics.metrics import AUC, GAUC, LogLoss, relaimpr, row_log_loss
from bench.evaluate.metrics.mixture import mixture_logits
from bench.evaluate.metrics.perfect import (
    best_model_share,
    perfect_sample_logits,
    perfect_user_logits,
)
from bench.evaluate.metrics.predictions import check_logits, check_weights
from bench.evaluate.metrics.suspicion import is_constant, looks_like_probabilities
from bench.evaluate.printed import called, decimals, printed
from bench.evaluate.query_rows import Adaptation, QueryRows
from bench.evaluate.ranking import HIGHER_IS_BETTER, Mark, marks, ordered
from bench.evaluate.summary import BEST_SINGLE, Estimate, Line, best_single, estimate, summarise

__all__ = [
    "AUC",
    "BEST_SINGLE",
    "GAUC",
    "HIGHER_IS_BETTER",
    "LEVEL",
    "LOGLOSS_AND_AUC",
    "NOT_AFTER_HOLM",
    "ONE_SEED",
    "POWER",
    "SAME_FIGURE",
    "USER_LEVELS",
    "Adaptation",
    "AdaptationEffect",
    "Analysed",
    "Analysis",
    "AttainableBound",
    "Calibration",
    "ChosenShares",
    "ClosedGap",
    "Estimate",
    "Line",
    "LogLoss",
    "Mark",
    "MethodAnalysis",
    "Paired",
    "PlainAverage",
    "QueryRows",
    "RankTest",
    "Regret",
    "Reliability",
    "Resampled",
    "Segment",
    "Slice",
    "UserBand",
    "UserDifferences",
    "UserSpread",
    "Verdict",
    "adjust",
    "analyse",
    "analysis_from_json",
    "analysis_to_json",
    "best_model_share",
    "best_single",
    "called",
    "check_logits",
    "check_weights",
    "decimals",
    "estimate",
    "held_against",
    "is_constant",
    "leaves_out_zero",
    "looks_like_probabilities",
    "marks",
    "mixture_logits",
    "none_below_level",
    "ordered",
    "paired",
    "perfect_sample_logits",
    "perfect_user_logits",
    "printed",
    "rank_test",
    "relaimpr",
    "resample",
    "row_log_loss",
    "summarise",
    "tied_ranks",
    "unlike_records",
    "user_table",
]
