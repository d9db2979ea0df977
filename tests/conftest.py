"""How Hypothesis looks for examples: no limits of time, which a busy machine would break, and the same examples each run, so
that a change is told of its own mistakes. `pytest --hypothesis-profile=search` looks for new ones."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "search", deadline=None, derandomize=False, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("check", settings.get_profile("search"), derandomize=True)
settings.load_profile("check")
