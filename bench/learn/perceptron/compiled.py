"""How the ragged kernel (`bench.learn.perceptron.kernel`) is run: compiled by numba where that is installed, else by numpy."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from types import FunctionType, SimpleNamespace
from typing import Any, Literal

from bench.learn.perceptron import kernel as ragged

__all__ = ["KernelName", "kernel", "kernel_software"]

KernelName = Literal["numba", "numpy", "autograd"]


def kernel(name: Literal["numba", "numpy"] | None = None) -> Any:
    """The functions of `bench.learn.perceptron.kernel` under their names; default: numba where it is installed. numba is
    imported, and what its cache lacks compiled, when this is first called for and not before."""
    return _compiled() if _by_numba(name) else ragged


def kernel_software(name: Literal["numba", "numpy"] | None = None) -> str:
    """What runs `kernel(name)`: last bits may differ between them."""
    return f"numba {version('numba')}" if _by_numba(name) else "numpy"


def _by_numba(name: Literal["numba", "numpy"] | None) -> bool:
    return name == "numba" or (name is None and find_spec("numba") is not None)


@cache
def _compiled() -> Any:
    from numba import njit

    def compiled(function: FunctionType) -> Any:
        try:
            return njit(nogil=True, cache=True)(function)
        except RuntimeError:  # there is no folder that a cache could be written to
            return njit(nogil=True)(function)

    namespace = dict(vars(ragged))
    for name in ragged.__all__:
        function = getattr(ragged, name)
        copy = FunctionType(function.__code__, namespace, name)  # calls the compiled ones among the namespace
        namespace[name] = compiled(copy)
    return SimpleNamespace(**{name: namespace[name] for name in ragged.__all__})
