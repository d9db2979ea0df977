"""A suite written out again: files included, values set, the grid multiplied out, every default in its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from bench.job.spec import BaseModelSpec, MetaLearnerKeys, MethodKeys, MethodSpec, SelectorSpec
from bench.job.step_rules import StepRules
from bench.suite.spec import MetricSpec, ProtocolSpec, Suite

__all__ = ["named_plugins", "resolved"]

_ABOUT = """\
# As it was run: what {file} says, with the files that it includes, the values that were set, its grid multiplied out and the
# defaults of its plugins. Paths are below the folder of {file}: put this file there, or give that folder as --data-dir.
"""


def resolved(suite: Suite, seeds: Sequence[int]) -> str:
    """YAML that loads as the same suite, with these seeds; paths as the suite has them, none absolute."""
    document = {
        "version": 1,
        "name": suite.name,
        **_plugins(suite),
        "datasets": {name: {"use": one.use, **one.params} for name, one in suite.datasets.items()},
        "protocols": {name: _protocol(one) for name, one in suite.protocols.items()},
        **_rules(suite.rules),
        "base_models": {
            name: {**_trained(one), **_rules(suite.own_rules.get(name))}
            for name, one in suite.base_models.items()
        },
        "methods": {
            name: {**_method(one), **_rules(suite.own_rules.get(name))}
            for name, one in suite.methods.items()
        },
        "seeds": list(seeds),
        "metrics": [_metric(name, one) for name, one in suite.metrics.items()],
        **({"primary": suite.primary} if suite.primary in suite.metrics else {}),
        **({"against": suite.against} if suite.against is not None else {}),
        "relaimpr_base": suite.relaimpr_base,
        "gate": {
            "tolerance": dict(suite.tolerance),
            **suite.margins.model_dump(mode="json", exclude_unset=True),
        },
        **_executor(suite),
    }
    return _ABOUT.format(file=_flow(suite.file.name)) + "\n".join(_lines(document)) + "\n"


def named_plugins(suite: Suite) -> list[str]:
    """Paths of plugins as the suite names them: below its own folder."""
    folder = suite.file.parent.resolve()
    return [
        path.relative_to(folder).as_posix() for path in suite.plugins if path.is_relative_to(folder)
    ]


def _plugins(suite: Suite) -> dict[str, Any]:
    return {"plugins": paths} if (paths := named_plugins(suite)) else {}


def _executor(suite: Suite) -> dict[str, Any]:
    if (chosen := suite.executor) is None:
        return {}
    return {"executor": {"use": chosen.use, **chosen.params}}


def _protocol(spec: ProtocolSpec) -> dict[str, Any]:
    return {
        "use": spec.use,
        **spec.params,
        "base_predictions": spec.base_predictions,
        "folds": spec.folds,
        "split_seed": "trial" if spec.split_seed is None else spec.split_seed,
    }


def _metric(name: str, spec: MetricSpec) -> str | dict[str, Any]:
    """A name alone where that says it all; else with all parameters, under the name that it had."""
    if name == spec.use and not spec.params:
        return name
    return {"use": spec.use, **spec.params, "as": name}  # parameters would be in its name else


def _trained(spec: BaseModelSpec | SelectorSpec) -> dict[str, Any]:
    return {"use": spec.use, **spec.params, **_settings("train", spec.train)}


def _method(spec: MethodSpec) -> dict[str, Any]:
    written = {"selector": _trained(spec.selector), **_keys(MethodKeys, spec)}
    if (learner := spec.meta_learner) is not None:
        keys = _keys(MetaLearnerKeys, learner)
        keys.pop("train", None)
        train = _settings("train", learner.train)
        written["meta_learner"] = {"use": learner.use, **learner.params, **keys, **train}
    return written


def _rules(rules: StepRules | None) -> dict[str, Any]:
    if rules is None:
        return {}
    timing = {"timing": rules.timing} if rules.timing else {}
    return {**_settings("limits", rules.limits), **timing}


def _settings(key: str, settings: BaseModel) -> dict[str, Any]:
    """Those that were written: some are refused beside others, even at their default."""
    given = settings.model_dump(mode="json", exclude_unset=True)
    return {key: given} if given else {}


def _keys(keys: type[BaseModel], spec: BaseModel) -> dict[str, Any]:
    """Those that are not at their default."""
    own = spec.model_dump(mode="json", include=set(keys.model_fields))
    defaults = {name: field.default for name, field in keys.model_fields.items()}
    return {name: own[name] for name in keys.model_fields if getattr(spec, name) != defaults[name]}


def _lines(document: Mapping[str, Any]) -> Iterator[str]:
    """A section a key, an entry a line."""
    for key, value in document.items():
        if key in ("datasets", "protocols", "base_models", "methods") and value:
            yield f"{key}:"
            yield from (f"  {_flow(name)}: {_flow(entry)}" for name, entry in value.items())
        else:
            yield f"{key}: {_flow(value)}"


def _flow(value: Any) -> str:
    """As YAML reads it in one way: text in double quotes, ASCII alone."""
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_flow(key)}: {_flow(item)}' for key, item in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_flow, value))}]"
    if isinstance(value, str):
        return f'"{"".join(map(_escaped, value))}"'
    words = {None: "null", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else repr(value)


def _escaped(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if " " <= character <= "~":
        return character
    return f"\\u{ord(character):04x}" if ord(character) < 2**16 else f"\\U{ord(character):08x}"
