"""MetaSelector's selector (Luo et al., WWW 2020): an MLP on a row's features and on what the base models say of it.

Trained row by row it is gating; under a meta-learner it is adapted to each user."""

from __future__ import annotations

from bench.learn import PerceptronSelector


class MLP(PerceptronSelector):
    """An MLP from a row's features and base logits to a score for every base model (Luo et al. 2020).

    Its last layer starts at zero: before training it is the average."""

    name = "mlp"
    citation = """
        @inproceedings{luo2020metaselector,
          author = {Luo, Mi and Chen, Fei and Cheng, Pengxiang and Dong, Zhenhua and He, Xiuqiang and
            Feng, Jiashi and Li, Zhenguo},
          title = {{MetaSelector}: Meta-Learning for Recommendation with User-Level Adaptive Model Selection},
          booktitle = {Proceedings of the Web Conference},
          pages = {2507--2513},
          year = {2020}
        }
    """
