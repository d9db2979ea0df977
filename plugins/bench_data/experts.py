"""Predictions of the planted experts as files, one an expert, for a pool that is given and not fitted.

    python -m bench_data.experts FOLDER --params '{"users": 600, "seed": 0}'

writes FOLDER/expert-1.csv and so on, for every row of dataset `synthetic` with these parameters, and prints the suite's
`base_models`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from bench_data.planted import DECIMALS, Planted, PlantedParams, generate

__all__ = ["main", "write_expert_predictions"]

KEYS = ["user_id", "item_id", "timestamp"]


def write_expert_predictions(planted: Planted, folder: Path) -> tuple[Path, ...]:
    """A CSV file an expert, in the order of the experts: user_id, item_id, timestamp and logit of all rows, exactly."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = tuple(
        folder / f"expert-{number}.csv" for number in range(1, planted.expert_logits.shape[1] + 1)
    )
    for path, logits in zip(paths, planted.expert_logits.T, strict=True):
        frame: pd.DataFrame = planted.interactions[KEYS].assign(logit=logits)
        frame.to_csv(path, index=False, float_format=f"%.{DECIMALS}f", lineterminator="\n")
    return paths


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench_data.experts", description="Write the experts' predictions."
    )
    parser.add_argument("folder", type=Path, help="where the files go; made where it isn't there")
    parser.add_argument(
        "--params", default="{}", metavar="JSON", help="parameters of dataset synthetic"
    )
    given = parser.parse_args(arguments)
    try:
        params = PlantedParams.model_validate_json(given.params)
    except ValidationError as error:
        parser.error(
            "; ".join(_problem(problem["loc"], problem["msg"]) for problem in error.errors())
        )
    print("base_models:")
    for path in write_expert_predictions(generate(params), given.folder):
        keys = "user: user_id, item: item_id, order: timestamp, logit: logit"
        print(f"  {path.stem}: {{use: predictions, path: {path.as_posix()}, {keys}}}")


def _problem(place: tuple[int | str, ...], what: str) -> str:
    return f"--params: {'.'.join(map(str, place))}: {what}" if place else f"--params: {what}"


if __name__ == "__main__":
    main()
