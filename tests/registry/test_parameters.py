"""Parameters as people read them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from bench.interfaces import PluginParams
from bench.registry import load_registry
from bench.registry.parameters import parameters

LIGHT = Path(__file__).parents[1] / "fixtures" / "light_plugin.py"


class Inner(PluginParams):
    """Settings within settings."""

    share: float = Field(0.5, gt=0, lt=1, description="a share")
    size: int = Field(3, ge=1, description="a size")


class Outer(PluginParams):
    """All sorts."""

    path: str = Field(min_length=1, description="a path")
    kind: Literal["a", "b"] = Field("b", description="a choice")
    steps: tuple[int, ...] = Field((1, 2), min_length=1, description="a list")
    limit: float | None = Field(None, ge=0, description="a limit")
    names: dict[str, str] = Field({}, description="a mapping")
    inner: Inner = Field(Inner(share=0.25), description="settings")
    other: Inner | None = Field(None, description="more settings")
    on: bool = Field(True, description="a switch")


def test_parameters_have_type_default_range_and_meaning() -> None:
    assert [tuple(parameter) for parameter in parameters(Outer)] == [
        ("path", "text", "(needed)", "length >= 1", "a path"),
        ("kind", "a | b", '"b"', "", "a choice"),
        ("steps", "list of whole numbers", "[1, 2]", "length >= 1", "a list"),
        ("limit", "number or null", "null", ">= 0", "a limit"),
        ("names", "mapping to text", "{}", "", "a mapping"),
        ("inner.share", "number", "0.25", "> 0, < 1", "a share"),
        ("inner.size", "whole number", "3", ">= 1", "a size"),
        ("other", "mapping or null", "null", "", "more settings"),
        ("other.share", "number", "0.5", "> 0, < 1", "a share"),
        ("other.size", "whole number", "3", ">= 1", "a size"),
        ("on", "true or false", "true", "", "a switch"),
    ]


def test_a_plugin_without_parameters_has_none() -> None:
    registry = load_registry([LIGHT], autoload=False)
    assert parameters(registry.load("selectors", "vote").Params) == ()
