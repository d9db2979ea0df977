"""The generator of `synthetic`: planted groups of users, each best served by another model, with a known optimum.

A row r is an event of user u with item i, of kind c(i), in context t, at price x (standardised). With K groups:

    e_k(r)    = standardised over all rows [ T_k[c(i), t] + V_k[i] + a_k x ],    T_k, V_k, a_k ~ N(0, 1)
    s_k(r)    = intercept + q_i + gap e_k(r),                                     q_i ~ N(0, quality^2)
    logit(r)  = s_g(u)(r) + b_u,                                                  b_u ~ N(0, user_bias^2)
    label(r)  ~ Bernoulli(sigmoid(logit(r)))
    expert k  = s_k(r) + noise eta_k(r),                                          eta_k(r) ~ N(0, 1)

So the pool of K experts has one right answer for each user, expert g(u); it does not know the user's bias, which leaves
calibration something to gain on top. All that e_k and q read are columns that models are handed. Nobody can have a lower
expected log loss than the mean entropy of sigmoid(logit(r)): the optimum.

Events do not depend on tastes: items are drawn by popularity alone (rank^-popularity, with replacement), contexts and prices
uniformly and normally, whoever the user is. Each user's number of rows is min_rows plus a geometric number of mean
rows_per_user - min_rows.

Each part of the draw has a random stream of its own, so that a parameter changes what it is about and nothing else: the
events are the same under every gap, bias and noise. Standardising is rounded to 9 decimals and logits to 6, so that sums in
another order, on another processor, give the same data."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from bench.interfaces import PluginParams

__all__ = ["GENERATOR_VERSION", "Planted", "PlantedParams", "generate"]

GENERATOR_VERSION = 1  # another number is other data from the same parameters
DECIMALS = 6  # of logits
EPOCH, PERIOD, LONGEST_PAUSE = (
    1_600_000_000,
    180 * 86_400,
    2 * 86_400,
)  # seconds: users arrive within the period
PRICE_MEAN, PRICE_SD = 20.0, 5.0
_STREAMS = (
    "items",
    "experts",
    "groups",
    "segments",
    "biases",
    "lengths",
    "events",
    "noise",
    "labels",
)


class PlantedParams(PluginParams):
    users: int = Field(600, ge=1, le=10_000_000, description="number of users")
    items: int = Field(200, ge=1, le=1_000_000, description="number of items")
    kinds: int = Field(
        8, ge=1, le=1000, description="kinds of item, a categorical feature; at most `items`"
    )
    contexts: int = Field(4, ge=1, le=1000, description="contexts of a row, a categorical feature")
    rows_per_user: float = Field(
        40.0, ge=1, le=10_000, description="mean number of a user's rows; at least `min_rows`"
    )
    min_rows: int = Field(10, ge=1, le=10_000, description="rows that every user has")
    popularity: float = Field(
        0.8, ge=0, le=3, description="items are drawn by rank^-popularity; 0: all alike"
    )
    groups: int = Field(
        4, ge=1, le=100, description="groups of users, and experts: one suits each group"
    )
    skew: float = Field(
        0.5, ge=0, le=5, description="group k's share of users goes by k^-skew; 0: equal groups"
    )
    gap: float = Field(
        1.0, ge=0, le=20, description="standard deviation of an expert's own part of the logit"
    )
    quality: float = Field(
        0.5, ge=0, le=20, description="standard deviation of item quality, on which experts agree"
    )
    user_bias: float = Field(
        0.5, ge=0, le=20, description="standard deviation of a user's bias, which no expert knows"
    )
    noise: float = Field(
        0.0, ge=0, le=20, description="standard deviation of an expert's error on a row"
    )
    hint: float = Field(
        0.0,
        ge=0,
        le=1,
        description="chance that a user's segment, a feature, is the group; else it is drawn by lot",
    )
    intercept: float = Field(-0.5, ge=-20, le=20, description="mean logit")
    seed: int = Field(0, ge=0, le=2**32 - 1, description="of everything drawn")

    @model_validator(mode="after")
    def _fit_together(self) -> PlantedParams:
        for part, whole in (("groups", "users"), ("kinds", "items"), ("min_rows", "rows_per_user")):
            if getattr(self, part) > getattr(self, whole):
                raise ValueError(
                    f"{part} {getattr(self, part)} is more than {whole} {getattr(self, whole):g}"
                )
        return self


class Planted(NamedTuple):
    """Rows are sorted by (user, timestamp), users by id. U users, n rows, K experts."""

    interactions: pd.DataFrame  # (n) user_id, item_id, timestamp, context, price, label, true_logit
    users: pd.DataFrame  # (U) user_id, segment
    items: pd.DataFrame  # item_id, kind
    groups: np.ndarray  # (U,) int64, from 0; also the number of the expert that suits
    biases: np.ndarray  # (U,) float64
    user_ptr: np.ndarray  # (U + 1,) int64: user u's rows are [user_ptr[u], user_ptr[u + 1])
    expert_logits: np.ndarray  # (n, K) float64
    true_logits: np.ndarray  # (n,) float64

    @property
    def user_of_row(self) -> np.ndarray:
        """(n,) int64."""
        return np.repeat(np.arange(len(self.groups)), np.diff(self.user_ptr))


class _Events(NamedTuple):
    items: np.ndarray  # (n,)
    contexts: np.ndarray  # (n,)
    prices: np.ndarray  # (n,), to the cent
    times: np.ndarray  # (n,) seconds, ascending within a user


def generate(params: PlantedParams) -> Planted:
    """The data of `params`: the same bytes for the same parameters."""
    streams = {
        name: np.random.default_rng([params.seed, number]) for number, name in enumerate(_STREAMS)
    }
    groups = _groups(params, streams["groups"])
    segments = _segments(params, groups, streams["segments"])
    biases = (params.user_bias * streams["biases"].standard_normal(params.users)).round(DECIMALS)
    user_ptr = _user_ptr(params, streams["lengths"])
    kinds = streams["items"].permutation(np.arange(params.items) % params.kinds)
    quality = params.quality * streams["items"].standard_normal(params.items)
    events = _events(params, user_ptr, streams["events"])
    scores = _scores(params, events, kinds, quality, streams["experts"])
    users = np.repeat(np.arange(params.users), np.diff(user_ptr))
    true = (scores[np.arange(len(users)), groups[users]] + biases[users]).round(DECIMALS)
    experts = (scores + params.noise * streams["noise"].standard_normal(scores.shape)).round(
        DECIMALS
    )
    labels = streams["labels"].random(len(true)) < 1 / (1 + np.exp(-true))
    user_ids, item_ids = _names("u", params.users), _names("i", params.items)
    return Planted(
        interactions=pd.DataFrame(
            {
                "user_id": user_ids[users],
                "item_id": item_ids[events.items],
                "timestamp": events.times,
                "context": _names("c", params.contexts)[events.contexts],
                "price": events.prices,
                "label": labels.astype(np.int64),
                "true_logit": true,
            }
        ),
        users=pd.DataFrame({"user_id": user_ids, "segment": _names("s", params.groups)[segments]}),
        items=pd.DataFrame({"item_id": item_ids, "kind": _names("k", params.kinds)[kinds]}),
        groups=groups,
        biases=biases,
        user_ptr=user_ptr,
        expert_logits=experts,
        true_logits=true,
    )


def _groups(params: PlantedParams, rng: np.random.Generator) -> np.ndarray:
    """(U,) with sizes as declared, to a user: one each, and what is left by shares, the largest remainders first."""
    shares = (1.0 + np.arange(params.groups)) ** -params.skew
    exact = (shares / shares.sum() * (params.users - params.groups)).round(9)
    sizes = 1 + np.floor(exact).astype(np.int64)
    left = params.users - sizes.sum()
    sizes[np.argsort(np.floor(exact) - exact, kind="stable")[:left]] += 1
    return rng.permutation(np.repeat(np.arange(params.groups), sizes))


def _segments(params: PlantedParams, groups: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    lot = rng.integers(0, params.groups, size=len(groups))
    return np.where(rng.random(len(groups)) < params.hint, groups, lot)


def _user_ptr(params: PlantedParams, rng: np.random.Generator) -> np.ndarray:
    more = rng.geometric(1 / (1 + params.rows_per_user - params.min_rows), size=params.users) - 1
    return np.concatenate([[0], np.cumsum(params.min_rows + more)]).astype(np.int64)


def _events(params: PlantedParams, user_ptr: np.ndarray, rng: np.random.Generator) -> _Events:
    rows = int(user_ptr[-1])
    weights = (1.0 + rng.permutation(params.items)) ** -params.popularity
    cumulated = np.cumsum(weights)
    items = np.searchsorted(cumulated, rng.random(rows) * cumulated[-1], side="right")
    contexts = rng.integers(0, params.contexts, size=rows)
    prices = (PRICE_MEAN + PRICE_SD * rng.standard_normal(rows)).round(2)
    arrivals = EPOCH + rng.integers(0, PERIOD, size=params.users)
    passed = np.cumsum(rng.integers(1, LONGEST_PAUSE, size=rows))
    first = passed[user_ptr[:-1]]
    times = passed + np.repeat(arrivals - first, np.diff(user_ptr))
    return _Events(np.minimum(items, params.items - 1), contexts, prices, times)


def _scores(
    params: PlantedParams,
    events: _Events,
    kinds: np.ndarray,
    quality: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """(n, K) s_k of each row."""
    price = (events.prices - PRICE_MEAN) / PRICE_SD
    scores = np.empty((len(price), params.groups))
    for expert in range(params.groups):
        by_cell = rng.standard_normal((params.kinds, params.contexts))
        by_item, slope = rng.standard_normal(params.items), rng.standard_normal()
        own = _standardised(
            by_cell[kinds[events.items], events.contexts] + by_item[events.items] + slope * price
        )
        scores[:, expert] = params.intercept + quality[events.items] + params.gap * own
    return scores.round(DECIMALS)


def _standardised(values: np.ndarray) -> np.ndarray:
    mean, deviation = np.round(values.mean(), 9), np.round(values.std(), 9)
    return np.asarray((values - mean) / (deviation or 1.0))


def _names(letter: str, count: int) -> np.ndarray:
    """(count,) of text: numbers from 1, as wide as the last, so that they sort as they are numbered."""
    width = len(str(count))
    return np.array([f"{letter}{number:0{width}d}" for number in range(1, count + 1)], dtype=object)
