"""Vectors of 32 whole numbers without sign as values of compiled code, of 16 or of 32 bits: sums and products by `+ *`, which
overflow in silence."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.datamodel import models
from numba.extending import overload, register_model

from bench.compiled.memory import operation, pointer_to

__all__ = [
    "NUMBERS",
    "high_bytes",
    "load_numbers",
    "low_bytes",
    "store_numbers",
    "widened",
    "zeros",
]

NUMBERS = 32  # in a vector


class Numbers(types.Type):
    """Of numba's types: so many whole numbers of so many bits."""

    def __init__(self, bits: int) -> None:
        self.bits = bits
        super().__init__(name=f"uint{bits}x{NUMBERS}")


@register_model(Numbers)
class _NumbersModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Numbers) -> None:
        super().__init__(manager, kind, _llvm(kind))  # type: ignore[no-untyped-call]


def _llvm(kind: Numbers) -> Any:
    return ir.VectorType(ir.IntType(kind.bits), NUMBERS)


@operation
def zeros(_: Any, bits: Any) -> Any:
    """So many zeros, of the bits of the given number: np.uint16(0), say."""
    kind = Numbers(bits.bitwidth)

    def codegen(_context: Any, _builder: Any, _signature: Any, _arguments: Any) -> Any:
        return ir.Constant(_llvm(kind), None)

    return kind(bits), codegen


@operation
def load_numbers(_: Any, array: Any, at: Any) -> Any:
    """The numbers of a flat array from place `at` on."""
    kind = Numbers(array.dtype.bitwidth)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = pointer_to(context, builder, signature.args[0], *arguments)
        vector = builder.load(builder.bitcast(place, _llvm(kind).as_pointer()))
        vector.align = kind.bits // 8
        return vector

    return kind(array, types.int64), codegen


@operation
def store_numbers(_: Any, array: Any, at: Any, vector: Any) -> Any:
    """Write a vector to a flat array of its own kind, from place `at` on."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = pointer_to(context, builder, signature.args[0], *arguments[:2])
        stored = builder.store(arguments[2], builder.bitcast(place, _llvm(vector).as_pointer()))
        stored.align = vector.bits // 8
        return context.get_dummy_value()

    return types.void(array, types.int64, vector), codegen


@operation
def low_bytes(_: Any, vector: Any) -> Any:
    """Each number's lowest 8 bits."""

    def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.and_(arguments[0], ir.Constant(_llvm(vector), [255] * NUMBERS))

    return vector(vector), codegen


@operation
def high_bytes(_: Any, vector: Any) -> Any:
    """What is left of each number without its lowest 8 bits."""

    def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.lshr(arguments[0], ir.Constant(_llvm(vector), [8] * NUMBERS))

    return vector(vector), codegen


@operation
def widened(_: Any, vector: Any) -> Any:
    """The same numbers, of twice as many bits."""
    kind = Numbers(2 * vector.bits)

    def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.zext(arguments[0], _llvm(kind))

    return kind(vector), codegen


def _with_operator(symbol: Callable[..., Any], instruction: str) -> None:
    @operation
    def apply(_: Any, one: Any, other: Any) -> Any:
        def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return getattr(builder, instruction)(*arguments)

        return one(one, other), codegen

    @overload(symbol)
    def operate(one, other):  # type: ignore[no-untyped-def]  # numba compares the signatures
        if isinstance(one, Numbers) and one == other:
            return lambda one, other: apply(one, other)
        return None


_with_operator(operator.add, "add")
_with_operator(operator.mul, "mul")
