"""Reading and writing flat arrays as a compiled function should: no bounds, no negative places, and ahead of time.

Numba turns an index of -1 into the last place, which costs a comparison a read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["get", "llvm_function", "operation", "pointer_to", "prefetch", "put"]


def operation(typing: Callable[..., Any]) -> Any:
    """A function of compiled code, given as LLVM's instructions; called without its first parameter."""
    return intrinsic(typing)


def llvm_function(builder: Any, kind: Any, name: str) -> Any:
    """One of LLVM's own functions."""
    return cgutils.get_or_insert_function(builder.module, kind, name)  # type: ignore[no-untyped-call]


def pointer_to(context: Any, builder: Any, array_type: Any, array: Any, at: Any) -> Any:
    """Of LLVM: to place `at` of a flat, contiguous array."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [at])


@operation
def get(_: Any, array: Any, at: Any) -> Any:
    """array[at]"""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(pointer_to(context, builder, signature.args[0], *arguments))

    return array.dtype(array, types.int64), codegen


@operation
def put(_: Any, array: Any, at: Any, value: Any) -> Any:
    """array[at] = value, of the array's own type"""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *place, stored = arguments
        builder.store(stored, pointer_to(context, builder, signature.args[0], *place))
        return context.get_dummy_value()

    return types.void(array, types.int64, array.dtype), codegen


@operation
def prefetch(_: Any, array: Any, at: Any) -> Any:
    """Have array[at] fetched into the processor's caches; the place need not exist."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = pointer_to(context, builder, signature.args[0], *arguments)
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = llvm_function(builder, kind, "llvm.prefetch.p0i8")
        for_reading, kept_near, data = number(0), number(3), number(1)
        builder.call(function, [builder.bitcast(place, byte), for_reading, kept_near, data])
        return context.get_dummy_value()

    return types.void(array, types.int64), codegen
