"""The functions of `bench.learn.perceptron.kernel`, compiled by numba."""

from __future__ import annotations

from functools import cache
from types import FunctionType, SimpleNamespace
from typing import Any, Literal

from bench.learn.perceptron import kernel

__all__ = ["KernelName", "compiled_kernel"]

KernelName = Literal["numba", "autograd"]


@cache
def compiled_kernel() -> Any:
    """The compiled functions under their names. numba is imported when this is first called and not before; each function
    is compiled, or read from disk, when it is first called itself."""
    from bench.compiled import compiled

    namespace = dict(vars(kernel))
    for name in kernel.__all__:
        # calls the compiled ones among the namespace
        namespace[name] = compiled(FunctionType(getattr(kernel, name).__code__, namespace, name))
    return SimpleNamespace(**{name: namespace[name] for name in kernel.__all__})
