"""The functions of `bench.learn.perceptron.kernel`, compiled by numba (extra `fast`)."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from types import FunctionType, SimpleNamespace
from typing import Any, Literal

from bench.learn.perceptron import kernel

__all__ = ["KernelName", "compiled_kernel", "default_kernel"]

KernelName = Literal["numba", "autograd"]


def default_kernel() -> KernelName:
    """What adapts a perceptron unless somebody asks for the other: numba where it is installed."""
    return "autograd" if find_spec("numba") is None else "numba"


@cache
def compiled_kernel() -> Any:
    """The compiled functions under their names. numba is imported when this is first called and not before; each function
    is compiled, or read from numba's cache, when it is first called itself."""
    from numba import njit

    def compiled(function: FunctionType) -> Any:
        try:
            return njit(nogil=True, cache=True)(function)
        except RuntimeError:  # there is no folder that a cache could be written to
            return njit(nogil=True)(function)

    namespace = dict(vars(kernel))
    for name in kernel.__all__:
        function = getattr(kernel, name)
        # calls the compiled ones among the namespace
        copy = FunctionType(function.__code__, namespace, name)
        namespace[name] = compiled(copy)
    return SimpleNamespace(**{name: namespace[name] for name in kernel.__all__})
