"""The libraries that are measured beside this one: what each needs, what it reads, and which models it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["LIBRARIES", "OURS", "Library"]

OURS = "metaselector-bench"

# The newest that all of them take; RecBole asks numpy for names that its version 2 dropped.
TORCH = ("torch==2.13.0", "numpy==2.4.6", "scikit-learn==1.9.1")
NUMPY_1 = ("numpy==1.26.4", "scipy==1.15.3")


@dataclass(frozen=True)
class Library:
    """`driver`: a script in benchmarks/peers/drivers. `alone`: packages installed without what they ask for. `formats`: files
    that it reads beside the arrays. `takes_batches`: whether it has mini-batches; else it goes its own way, a row at a time or
    all rows at once."""

    name: str
    driver: str
    models: tuple[str, ...]
    requirements: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    takes_batches: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)  # of its installation
    note: str = ""


_EVERY = (
    Library(
        OURS,
        "ours.py",
        ("lr", "fm", "ffm", "deepfm", "gbdt"),
        formats=("prepared",),
        note="As `bench run` fits a base model, but for encoding rows, which is off the clock, and for validation, which is "
        "on 1,000 rows; compiled before the clock starts. Its trees are scikit-learn's.",
    ),
    Library(
        "FuxiCTR",
        "run_fuxictr.py",
        ("lr", "fm", "deepfm"),
        ("fuxictr==2.3.10", *TORCH),
        note="Its layers put together as in its model zoo, and its training loop. Batches are cut from tensors for it, since "
        "its own loaders take a row at a time.",
    ),
    Library(
        "DeepCTR-Torch",
        "run_deepctr.py",
        ("lr", "fm", "deepfm"),
        # it imports requests and does not say so
        ("deepctr-torch==0.3.0", "requests==2.34.2", *TORCH),
        note="Its DeepFM and that model's parts, by its own `fit` and loader.",
    ),
    Library(
        "RecBole",
        "run_recbole.py",
        ("lr", "fm", "ffm", "deepfm"),
        (
            "torch==2.13.0",
            *NUMPY_1,
            "pandas==2.3.3",
            "scikit-learn==1.7.2",
            "colorama==0.4.4",
            "colorlog==4.7.2",
            "plotly==7.1.0",
            "psutil==7.2.2",
            "PyYAML==6.0.4",
            "tabulate==0.10.0",
            "tensorboard==2.21.0",
            "texttable==1.7.2",
            "thop==0.1.1.post2209072238",
            "tqdm==4.70.1",
        ),
        alone=("recbole==1.2.1",),
        formats=("recbole",),
        note="Installed without ray, which it pins to releases that newer Pythons lack and needs for tuning alone.",
    ),
    Library(
        "xLearn",
        "run_xlearn.py",
        ("lr", "fm", "ffm"),
        ("xlearn==0.40a1", *NUMPY_1),
        formats=("libsvm", "libffm"),
        takes_batches=False,
        environment={"CMAKE_POLICY_VERSION_MINIMUM": "3.5"},
        note="AdaGrad, a row at a time. Built from source (a compiler, make and CMake are needed); of 2018.",
    ),
    Library(
        "LIBLINEAR",
        "run_liblinear.py",
        ("lr",),
        ("liblinear-official==2.50.0", "numba==0.68.1", "numpy==2.4.6", "scipy==1.17.1"),
        takes_batches=False,
        note="Newton steps over all rows, to a tolerance; its default L2 (C = 1).",
    ),
    Library(
        "Vowpal Wabbit",
        "run_vw.py",
        ("lr", "ffm"),
        ("vowpalwabbit==9.11.9", "numpy==2.4.6"),
        formats=("vowpal-wabbit",),
        takes_batches=False,
        note="Its adaptive step, a row at a time; its field-aware pairs are `--lrqfa`. Each pass reads its cache of the rows.",
    ),
    Library(
        "LightGBM",
        "run_lightgbm.py",
        ("gbdt",),
        ("lightgbm==4.7.0", "numpy==2.4.6", "scipy==1.17.1"),
        takes_batches=False,
        note="Every column categorical; 31 leaves.",
    ),
)

LIBRARIES: Mapping[str, Library] = {library.name: library for library in _EVERY}
