"""Perceptron selectors, and their adaptation by derivatives written by hand and compiled by numba.

The rest of bench uses what is exported here, and none of the files: `selector` is the base class that plugins see; `kernel`
has the formulas, `compiled_kernel` compiles them; `loss` is a perceptron's loss on arrays, `loss_function` and
`descent_function` make torch differentiate it and the inner loop; `compiled_selector` is what the adaptation engine calls."""

from bench.learn.perceptron.compiled_kernel import KernelName
from bench.learn.perceptron.compiled_selector import CompiledSelector, kernel_software
from bench.learn.perceptron.precompile import compile_kernel
from bench.learn.perceptron.selector import TABLE, PerceptronSelector

__all__ = [
    "TABLE",
    "CompiledSelector",
    "KernelName",
    "PerceptronSelector",
    "compile_kernel",
    "kernel_software",
]
