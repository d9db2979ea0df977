"""Settings of torch, numpy and scikit-learn that are held beside those of bench.registry.global_state."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from bench.registry.setting import Partly, Setting

__all__ = ["LIBRARY_SETTINGS"]

# Of a backend and an operation; that of all stands for those that have none.
_PRECISIONS = (
    ("generic", "all"), ("cuda", "all"), ("mkldnn", "all"), ("cuda", "matmul"), ("cuda", "conv"),
    ("cuda", "rnn"), ("mkldnn", "matmul"), ("mkldnn", "conv"), ("mkldnn", "rnn"),
)  # fmt: skip
_NONE_AT_START = tuple(place for place in _PRECISIONS if place[0] != "cuda" or place[1] == "matmul")
_MIXED = "mixed"
_HOOKS = (
    "_global_forward_hooks", "_global_forward_pre_hooks", "_global_backward_hooks",
    "_global_backward_pre_hooks", "_global_module_registration_hooks",
    "_global_buffer_registration_hooks", "_global_parameter_registration_hooks",
)  # fmt: skip


def _torch() -> Any:
    return sys.modules["torch"]


def _numpy() -> Any:
    return sys.modules["numpy"]


def _sklearn() -> Any:
    return sys.modules["sklearn"]


def _precisions() -> Partly:
    """Of products of float32, as a whole and by operation; older versions have the former alone."""
    found: dict[Any, str] = {"all": _precision_of_all()}
    if get := getattr(_torch()._C, "_get_fp32_precision_getter", None):
        found |= {place: get(*place) for place in _PRECISIONS}
    return Partly(found)


def _precision_of_all() -> str:
    try:
        return str(_torch().get_float32_matmul_precision())
    except RuntimeError:  # operations have different ones
        return _MIXED


def _put_precisions(before: Mapping[Any, str]) -> None:
    """As a whole first, since that sets some operations too."""
    if before["all"] != _MIXED:
        _torch().set_float32_matmul_precision(before["all"])
    if put := getattr(_torch()._C, "_set_fp32_precision_setter", None):
        for place in _PRECISIONS:
            if place in before:
                put(*place, before[place])


def _autocast() -> tuple[Any, ...]:
    torch = _torch()
    return tuple(
        (torch.is_autocast_enabled(device), str(torch.get_autocast_dtype(device)))
        for device in ("cpu", "cuda")
    )


def _put_autocast(before: tuple[Any, ...]) -> None:
    torch = _torch()
    for device, (enabled, dtype) in zip(("cpu", "cuda"), before, strict=True):
        torch.set_autocast_enabled(device, enabled)
        torch.set_autocast_dtype(device, getattr(torch, dtype.partition(".")[2]))


def _hooks() -> tuple[dict[Any, Any], ...]:
    module = sys.modules["torch.nn.modules.module"]
    return tuple(dict(getattr(module, name, {})) for name in _HOOKS)


def _put_hooks(before: tuple[dict[Any, Any], ...]) -> None:
    module = sys.modules["torch.nn.modules.module"]
    for name, hooks in zip(_HOOKS, before, strict=True):
        if hasattr(module, name):
            held = getattr(module, name)
            held.clear()
            held.update(hooks)


def _modes() -> tuple[Any, ...]:
    """Of functions; that of the default device is a setting of its own."""
    stack = _torch().overrides._get_current_function_mode_stack()
    return tuple(mode for mode in stack if type(mode).__name__ != "DeviceContext")


def _put_modes(before: tuple[Any, ...]) -> None:
    torch, held = _torch(), []
    while torch._C._len_torch_function_stack():
        held.append(torch._C._pop_torch_function_stack())
    for mode in reversed(held):
        if type(mode).__name__ == "DeviceContext" or any(mode is one for one in before):
            torch._C._push_on_torch_function_stack(mode)


def _put_numpy(before: tuple[Any, int]) -> None:
    _numpy().seterrcall(before[0])
    _numpy().setbufsize(before[1])


LIBRARY_SETTINGS = (
    Setting(
        "numpy's buffers and error call",
        lambda: (_numpy().geterrcall(), _numpy().getbufsize()),
        _put_numpy,
        "numpy",
        (None, 8192),
    ),
    Setting(
        "torch's matmul precision",
        _precisions,
        _put_precisions,
        "torch",
        Partly({"all": "highest"} | dict.fromkeys(_NONE_AT_START, "none")),
    ),
    Setting(
        "torch's autocast",
        _autocast,
        _put_autocast,
        "torch",
        ((False, "torch.bfloat16"), (False, "torch.float16")),
    ),
    Setting(
        "torch's hooks of all modules",
        _hooks,
        _put_hooks,
        "torch.nn.modules.module",
        tuple({} for _ in _HOOKS),
    ),
    Setting("torch's function modes", _modes, _put_modes, "torch", ()),
    Setting(
        "scikit-learn's configuration",
        lambda: Partly(_sklearn().get_config()),
        lambda before: _sklearn().set_config(**before),
        "sklearn",
        Partly(assume_finite=False, working_memory=1024, transform_output="default"),
    ),
)
