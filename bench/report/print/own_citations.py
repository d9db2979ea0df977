"""What the harness's own statistics are cited as, each where a run used it."""

from __future__ import annotations

from collections.abc import Iterator

from bench.evaluate import Analysis, Paired
from bench.report.content.model import Report

__all__ = ["own_citations"]

_INTERVALS = r"""
@book{davison1997bootstrap,
  author = {Davison, Anthony C. and Hinkley, David V.},
  title = {Bootstrap Methods and their Application},
  publisher = {Cambridge University Press},
  year = {1997}
}
@article{carter2017asymptotic,
  author = {Carter, Andrew V. and Schnepel, Kevin T. and Steigerwald, Douglas G.},
  title = {Asymptotic Behavior of a {t}-Test Robust to Cluster Heterogeneity},
  journal = {The Review of Economics and Statistics},
  volume = {99},
  number = {4},
  pages = {698--709},
  year = {2017}
}
"""
_SEEDS = r"""
@article{satterthwaite1946approximate,
  author = {Satterthwaite, Franklin E.},
  title = {An Approximate Distribution of Estimates of Variance Components},
  journal = {Biometrics Bulletin},
  volume = {2},
  number = {6},
  pages = {110--114},
  year = {1946}
}
"""
_SEVERAL_TESTS = r"""
@article{holm1979simple,
  author = {Holm, Sture},
  title = {A Simple Sequentially Rejective Multiple Test Procedure},
  journal = {Scandinavian Journal of Statistics},
  volume = {6},
  number = {2},
  pages = {65--70},
  year = {1979}
}
"""
_RELAIMPR = r"""
@inproceedings{yan2014coupled,
  author = {Yan, Ling and Li, Wu-Jun and Xue, Gui-Rong and Han, Dingyi},
  title = {Coupled Group Lasso for Web-Scale {CTR} Prediction in Display Advertising},
  booktitle = {Proceedings of the 31st International Conference on Machine Learning},
  year = {2014}
}
"""
_CALIBRATION = r"""
@inproceedings{naeini2015obtaining,
  author = {Naeini, Mahdi Pakdaman and Cooper, Gregory F. and Hauskrecht, Milos},
  title = {Obtaining Well Calibrated Probabilities Using {Bayesian} Binning},
  booktitle = {Proceedings of the AAAI Conference on Artificial Intelligence},
  year = {2015}
}
@inproceedings{nixon2019measuring,
  author = {Nixon, Jeremy and Dusenberry, Michael W. and Zhang, Linchuan and Jerfel, Ghassen and Tran, Dustin},
  title = {Measuring Calibration in Deep Learning},
  booktitle = {CVPR Workshops},
  year = {2019}
}
"""
_RANKS = r"""
@article{demsar2006statistical,
  author = {Dem{\v{s}}ar, Janez},
  title = {Statistical Comparisons of Classifiers over Multiple Data Sets},
  journal = {Journal of Machine Learning Research},
  volume = {7},
  pages = {1--30},
  year = {2006}
}
"""


def own_citations(report: Report) -> Iterator[tuple[str, str]]:
    """(who asks, entries) of what the report's figures were made by, and of nothing else."""
    rows = [row for section in report.sections for row in section.rows]
    analyses = [one.analysis for one in report.sections if one.analysis is not None]
    pairs = [pair for one in analyses for pair in _pairs(one)]
    tested = [pair for pair in pairs if pair.p_both is not None]
    if any(row.figures["relaimpr"].estimate.defined for row in rows if "relaimpr" in row.figures):
        yield "metric relaimpr", _RELAIMPR
    if tested or any(one.attainable and one.attainable.low is not None for one in analyses):
        yield "intervals", _INTERVALS
    if any(pair.seeds_p is not None for pair in tested):
        yield "verdicts over users and seeds", _SEEDS
    if any(pair.p_holm is not None for pair in pairs):
        yield "verdicts of several comparisons", _SEVERAL_TESTS
    if any(one.calibration.ece is not None for found in analyses for one in found.methods):
        yield "calibration error", _CALIBRATION
    if report.ranks is not None and report.ranks.test is not None:
        yield "ranks over data sets", _RANKS


def _pairs(analysis: Analysis) -> Iterator[Paired]:
    """Of all its tables."""
    for one in analysis.methods:
        for table in (
            one.against_best_single,
            one.against_lead,
            one.against_chosen,
            one.against_average,
        ):
            yield from table.values()
    if analysis.plain_average is not None:
        yield from analysis.plain_average.against_best_single.values()
    for segment in analysis.segments:
        yield from segment.against_best_single.values()
