"""What the harness's own statistics are cited as."""

from __future__ import annotations

__all__ = ["RELAIMPR", "STATISTICS"]

STATISTICS = r"""
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
@article{satterthwaite1946approximate,
  author = {Satterthwaite, Franklin E.},
  title = {An Approximate Distribution of Estimates of Variance Components},
  journal = {Biometrics Bulletin},
  volume = {2},
  number = {6},
  pages = {110--114},
  year = {1946}
}
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

RELAIMPR = r"""
@inproceedings{yan2014coupled,
  author = {Yan, Ling and Li, Wu-Jun and Xue, Gui-Rong and Han, Dingyi},
  title = {Coupled Group Lasso for Web-Scale {CTR} Prediction in Display Advertising},
  booktitle = {Proceedings of the 31st International Conference on Machine Learning},
  year = {2014}
}
"""
