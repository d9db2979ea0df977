"""Makes ratings.csv, the table of the golden suite: 150 users in three groups, each of which likes for other reasons.

python suites/golden/make_ratings.py > suites/golden/ratings.csv
"""

from __future__ import annotations

import csv
import sys

import numpy as np

USERS, ITEMS, TAGS = 150, 60, ("drama", "comedy", "thriller", "war")


def main() -> None:
    rng = np.random.default_rng(2020)
    quality, price = rng.normal(0, 1.0, ITEMS), rng.lognormal(2, 0.5, ITEMS).round(2)
    tags = [sorted(rng.choice(len(TAGS), rng.integers(0, 4), replace=False)) for _ in range(ITEMS)]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["user_id", "item_id", "rating", "timestamp", "tags", "price"])
    for user in range(USERS):
        bias, taste = rng.normal(0, 0.8), rng.normal(0, 1.0, len(TAGS))
        for time, item in enumerate(rng.choice(ITEMS, rng.integers(8, 30), replace=False)):
            reasons = (quality[item], taste[tags[item]].sum(), -2 * np.log(price[item] / 7.4))
            score = 3.4 + bias + 0.9 * reasons[user % 3] + rng.normal(0, 0.6)
            rating = int(np.clip(round(score), 1, 5))
            writer.writerow(
                [
                    f"u{user:03}",
                    f"i{item:02}",
                    rating,
                    1000 + time,
                    "|".join(TAGS[t] for t in tags[item]),
                    price[item],
                ]
            )


if __name__ == "__main__":
    main()
