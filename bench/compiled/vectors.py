"""Vectors of 4, 8 or 16 floats as values of compiled code: `load(array, at, FOUR)`, sums and products with `+ - * /`. They are
float64 where the array is, else float32.

How many is said by a tuple of so many zeros, since numba compiles a function anew for every type of its arguments: one kernel
then serves each width. A product and the sum that follows may become one operation; sums are not reordered but in `total`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.datamodel import models
from numba.extending import overload, register_model

from bench.compiled.memory import llvm_function, operation, pointer_to

__all__ = [
    "EIGHT",
    "FOUR",
    "SIXTEEN",
    "Lanes",
    "lanes_for",
    "load",
    "load_part",
    "root",
    "splat",
    "store",
    "store_part",
    "total",
    "where_positive",
]

Lanes = tuple[int, ...]
FOUR, EIGHT, SIXTEEN = (0,) * 4, (0,) * 8, (0,) * 16
_OF_LLVM = {types.float32: (ir.FloatType(), "f32"), types.float64: (ir.DoubleType(), "f64")}
_FLAGS = ("contract", "nsz", "arcp")


def lanes_for(width: int) -> Lanes:
    """The vectors with which rows of `width` floats are done in the fewest operations."""
    return FOUR if width <= 4 else EIGHT if width <= 8 else SIXTEEN


class Vector(types.Type):
    """Of numba's types: so many floats."""

    def __init__(self, lanes: int, element: Any) -> None:
        self.lanes, self.element = lanes, element
        super().__init__(name=f"{element}x{lanes}")

    @property
    def suffix(self) -> str:
        """What LLVM's own functions of such vectors end with."""
        return f"v{self.lanes}{_OF_LLVM[self.element][1]}"


def _vector(array: Any, lanes: Any) -> Vector:
    """Of an array's floats; of whole numbers, as if they were float32."""
    return Vector(lanes.count, types.float64 if array.dtype == types.float64 else types.float32)


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Vector) -> None:
        super().__init__(manager, kind, _llvm(kind))  # type: ignore[no-untyped-call]


def _llvm(kind: Vector) -> Any:
    return ir.VectorType(_OF_LLVM[kind.element][0], kind.lanes)


@operation
def load(_: Any, array: Any, at: Any, lanes: Any) -> Any:
    """The floats of a flat array from place `at` on."""
    kind = _vector(array, lanes)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = pointer_to(context, builder, signature.args[0], *arguments[:2])
        vector = builder.load(builder.bitcast(place, _llvm(kind).as_pointer()))
        vector.align = 4
        return vector

    return kind(array, types.int64, lanes), codegen


@operation
def store(_: Any, array: Any, at: Any, vector: Any) -> Any:
    """Write a vector to a flat array, from place `at` on."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = pointer_to(context, builder, signature.args[0], *arguments[:2])
        stored = builder.store(arguments[2], builder.bitcast(place, _llvm(vector).as_pointer()))
        stored.align = 4
        return context.get_dummy_value()

    return types.void(array, types.int64, vector), codegen


@operation
def load_part(_: Any, array: Any, at: Any, count: Any, lanes: Any) -> Any:
    """`load` of the first `count` places alone; the others are 0, and their memory is not read."""
    kind = _vector(array, lanes)

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, at, count, _ = arguments
        place = pointer_to(context, builder, signature.args[0], array, at)
        place = builder.bitcast(place, _llvm(kind).as_pointer())
        wanted = _first(builder, count, kind)
        function = _masked(
            builder,
            "load",
            kind,
            [place.type, ir.IntType(32), wanted.type, _llvm(kind)],
            _llvm(kind),
        )
        nothing = ir.Constant(_llvm(kind), [0.0] * kind.lanes)
        return builder.call(function, [place, ir.IntType(32)(4), wanted, nothing])

    return kind(array, types.int64, types.int64, lanes), codegen


@operation
def store_part(_: Any, array: Any, at: Any, count: Any, vector: Any) -> Any:
    """`store` of the first `count` places alone; the others' memory stays as it is."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array, at, count, stored = arguments
        place = pointer_to(context, builder, signature.args[0], array, at)
        place = builder.bitcast(place, _llvm(vector).as_pointer())
        wanted = _first(builder, count, vector)
        kinds = [_llvm(vector), place.type, ir.IntType(32), wanted.type]
        function = _masked(builder, "store", vector, kinds, ir.VoidType())
        builder.call(function, [stored, place, ir.IntType(32)(4), wanted])
        return context.get_dummy_value()

    return types.void(array, types.int64, types.int64, vector), codegen


def _first(builder: Any, count: Any, kind: Vector) -> Any:
    """Of LLVM: which places come before `count`."""
    numbers = ir.VectorType(ir.IntType(64), kind.lanes)
    counts = _everywhere(builder, count, numbers)
    return builder.icmp_signed("<", ir.Constant(numbers, list(range(kind.lanes))), counts)


def _everywhere(builder: Any, value: Any, kind: Any) -> Any:
    """Of LLVM: a vector of `kind` with the value in every place."""
    nothing = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(nothing, value, ir.IntType(32)(0))
    places = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), [0] * kind.count)
    return builder.shuffle_vector(first, nothing, places)


def _masked(builder: Any, what: str, kind: Vector, arguments: list[Any], result: Any) -> Any:
    name = f"llvm.masked.{what}.{kind.suffix}.p0{kind.suffix}"
    function = ir.FunctionType(result, arguments)
    return llvm_function(builder, function, name)


@operation
def splat(_: Any, value: Any, lanes: Any) -> Any:
    """The same number in every place."""
    element = types.float64 if value == types.float64 else types.float32
    kind = Vector(lanes.count, element)

    def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return _everywhere(builder, arguments[0], _llvm(kind))

    return kind(element, lanes), codegen


@operation
def _like(_: Any, value: Any, vector: Any) -> Any:
    """`value` in every place of a vector like the given one."""

    def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return _everywhere(builder, arguments[0], _llvm(vector))

    return vector(vector.element, vector), codegen


@operation
def total(_: Any, vector: Any) -> Any:
    """The sum of a vector's elements, in the processor's own order."""

    def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        element = _llvm(vector).element
        kind = ir.FunctionType(element, [element, _llvm(vector)])
        name = f"llvm.vector.reduce.fadd.{vector.suffix}"
        function = llvm_function(builder, kind, name)
        fast = ("reassoc", "nsz", "contract")
        return builder.call(function, [ir.Constant(element, 0.0), *arguments], fastmath=fast)

    return vector.element(vector), codegen


@operation
def root(_: Any, vector: Any) -> Any:
    """The square root, element by element."""

    def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(_llvm(vector), [_llvm(vector)])
        name = f"llvm.sqrt.{vector.suffix}"
        return builder.call(llvm_function(builder, kind, name), arguments)

    return vector(vector), codegen


@operation
def where_positive(_: Any, vector: Any, other: Any) -> Any:
    """The vector where `other`, like it, is positive or not a number; else 0."""

    def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        vector, other = arguments
        nothing = ir.Constant(vector.type, [0.0] * vector.type.count)
        return builder.select(builder.fcmp_unordered(">", other, nothing), vector, nothing)

    return vector(vector, other), codegen


def _elementwise(instruction: str) -> Any:
    @operation
    def apply(_: Any, one: Any, other: Any) -> Any:
        def codegen(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            return getattr(builder, instruction)(*arguments, flags=_FLAGS)

        return one(one, one), codegen

    return apply


def _with_operator(symbol: Callable[..., Any], instruction: str) -> None:
    apply = _elementwise(instruction)

    @overload(symbol)
    def operate(one, other):  # type: ignore[no-untyped-def]  # numba compares the signatures
        if isinstance(one, Vector) and one == other:
            return lambda one, other: apply(one, other)
        if isinstance(one, Vector) and other == one.element:
            return lambda one, other: apply(one, _like(other, one))
        if isinstance(other, Vector) and one == other.element:
            return lambda one, other: apply(_like(one, other), other)
        return None


_with_operator(operator.add, "fadd")
_with_operator(operator.sub, "fsub")
_with_operator(operator.mul, "fmul")
_with_operator(operator.truediv, "fdiv")
