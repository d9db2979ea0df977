"""ANIL (Raghu, Raghu, Bengio, Vinyals, ICLR 2020): almost no inner loop. What adapts to a user is the last layer alone."""

from __future__ import annotations

from bench.interfaces import Learnable
from bench_metaselector.maml import MAML


class ANIL(MAML):
    """MAML whose inner loop moves the selector's last layer alone; all is meta-trained (Raghu et al. 2020)."""

    name = "anil"
    citation = """
        @inproceedings{raghu2020rapid,
          author = {Raghu, Aniruddh and Raghu, Maithra and Bengio, Samy and Vinyals, Oriol},
          title = {Rapid Learning or Feature Reuse? {Towards} Understanding the Effectiveness of {MAML}},
          booktitle = {International Conference on Learning Representations},
          year = {2020}
        }
    """

    def moving(self, learnable: Learnable) -> Learnable:
        return learnable.only(learnable.head())
