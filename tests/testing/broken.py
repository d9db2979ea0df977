"""Plain plugins that each break one rule, for the kit to catch: what people write who have not read the contract."""

from __future__ import annotations

import random

import numpy as np
import torch
from pydantic import Field

from bench.interfaces import DifferentiableModel, Model, PluginParams, Selection, Selector


class Fine(Model):
    """The base rate: conforms, so that each plugin below breaks one rule alone."""

    name = "fine"

    def fit(self, train, valid, context):
        self.seed, self.rate = context.seed, float(np.asarray(train.labels).mean())

    def predict(self, rows):
        return np.full(len(rows), np.log(self.rate / (1 - self.rate)))


class CitesInWords(Fine):
    """A reference as a paper prints it."""

    citation = "A. Author. A title. 2020."


class CitesNoYear(Fine):
    """An entry that no bibliography style could print."""

    citation = "@misc{author2020, author = {A. Author}, title = {A title}}"


class Cites(Fine):
    """A whole entry."""

    citation = "@misc{author2020, author = {A. Author}, title = {A title}, year = 2020}"


class WrongShape(Fine):
    """A column instead of a vector."""

    def predict(self, rows):
        return super().predict(rows)[:, None]


class Unseeded(Fine):
    """Noise from the system."""

    def predict(self, rows):
        return super().predict(rows) + np.random.default_rng().normal(size=len(rows))


class KnownIdsAlone(Fine):
    """A dictionary of training users."""

    def fit(self, train, valid, context):
        super().fit(train, valid, context)
        self.known = dict.fromkeys(train.codes("user_id").tolist(), 0.1)
        self.known |= dict.fromkeys(range(17, 40), 0.1)

    def predict(self, rows):
        return super().predict(rows) + np.array(
            [self.known[code] for code in rows.codes("user_id").tolist()]
        )


class OneRowIsAScalar(Fine):
    """Squeezes a batch of one row away."""

    def predict(self, rows):
        return super().predict(rows).squeeze()


class GlobalSeed(Fine):
    """Seeds every generator there is."""

    def fit(self, train, valid, context):
        random.seed(context.seed % 2**32)
        np.random.seed(context.seed % 2**32)
        torch.manual_seed(context.seed % 2**32)
        super().fit(train, valid, context)


class LearnsWhenAsked(Fine):
    """Moves its rate with each prediction."""

    def predict(self, rows):
        self.rate *= 0.99
        return super().predict(rows)


class GlobalNoise(Fine):
    """Draws from the generator that everybody has."""

    def fit(self, train, valid, context):
        super().fit(train, valid, context)
        self.noise = np.random.normal()

    def predict(self, rows):
        return super().predict(rows) + self.noise


class UsesUpRandomNumbers(Fine):
    """Conforms: a loader draws from torch's generator, and nothing hangs on what it draws."""

    def fit(self, train, valid, context):
        super().fit(train, valid, context)
        self.rows = list(torch.utils.data.DataLoader(torch.arange(10), num_workers=1))


class DefaultDtype(Fine):
    """Computes in float64 from here on, everywhere."""

    def fit(self, train, valid, context):
        torch.set_default_dtype(torch.float64)
        super().fit(train, valid, context)


class Threads(Fine):
    """Takes every core that it can get."""

    def fit(self, train, valid, context):
        torch.set_num_threads(torch.get_num_threads() + 1)
        super().fit(train, valid, context)


class Integers(Fine):
    """Hands back classes."""

    def predict(self, rows):
        return np.zeros(len(rows), dtype=int)


class MissingValues(Fine):
    """Adds a numeric field as it is."""

    def predict(self, rows):
        return super().predict(rows) + rows.values("price")


class UnknownThroughout(Fine):
    """Divides by what is known of a row."""

    def predict(self, rows):
        known = sum(rows.codes(field) > 0 for field in ("user_id", "item_id", "segment"))
        with np.errstate(all="ignore"):
            return super().predict(rows) / known


class Exits(Fine):
    """Leaves in the middle."""

    def fit(self, train, valid, context):
        raise SystemExit("no licence\nfound")


class ReadsLabels(Fine):
    """Peeks where it can."""

    def predict(self, rows):
        return super().predict(rows) + (0 if rows.labels is None else rows.labels)


class ReadsDataset(Fine):
    """Goes behind the view that it was handed."""

    def predict(self, rows):
        return super().predict(rows) + rows.interactions.labels()[rows.index]


class ReadsFiles(Fine):
    """Goes behind the dataset, too."""

    def predict(self, rows):
        return super().predict(rows) + np.load(rows.interactions.folder / "labels.npy")[rows.index]


class Needs(Fine):
    """Has a parameter without a default."""

    class Params(PluginParams):
        depth: int = Field(ge=1, description="levels")


class NoModule(DifferentiableModel):
    """Derives from the interface alone."""

    name = "no-module"

    def build(self, fields):
        pass

    def tables(self):
        return {}

    def forward(self, rows):
        return rows["linear"]


class SmallSeed(Fine):
    """Takes a seed of 32 bits."""

    def fit(self, train, valid, context):
        super().fit(train, valid, context)
        self.noise = np.random.RandomState(context.seed).normal()


class TypedSeed(Fine):
    """Refuses a large seed as scikit-learn does."""

    def fit(self, train, valid, context):
        super().fit(train, valid, context)
        if context.seed > 2**32 - 1:
            raise ValueError("The 'random_state' parameter must be in the range [0, 4294967295]")


class NarrowSeed(Fine):
    """Puts it into an array of 32 bits."""

    def fit(self, train, valid, context):
        super().fit(train, valid, context)
        np.array([context.seed], dtype=np.uint32)


class WritesLabels(Fine):
    """Centres the labels where they lie."""

    def fit(self, train, valid, context):
        super().fit(train, valid, context)
        train.labels[:] = 0


class OffSimplex(Selector):
    """Weights that add up to K."""

    name = "off-simplex"

    def fit(self, train, valid, context):
        pass

    def predict(self, tasks):
        return Selection(weights=np.ones((len(tasks.query), len(tasks.models))))


class BothAnswers(OffSimplex):
    """Gives weights and logits."""

    def predict(self, tasks):
        n = len(tasks.query)
        return Selection(weights=np.full((n, 3), 1 / 3), logits=np.zeros(n))


class TooFewWeights(OffSimplex):
    """Leaves the last model out."""

    def predict(self, tasks):
        return Selection(weights=np.full((len(tasks.query), 2), 0.5))


class NeedsSupport(Selector):
    """Divides by the size of the support."""

    name = "needs-support"

    def fit(self, train, valid, context):
        pass

    def predict(self, tasks):
        sizes = np.diff(tasks.support_ptr)
        with np.errstate(all="ignore"):
            mean = (
                np.add.reduceat(
                    np.append(tasks.support_base_logits[:, 0], 0), tasks.support_ptr[:-1]
                )
                / sizes
            )
            mean = np.where(sizes > 0, mean, np.nan)
        return Selection(logits=np.repeat(mean, np.diff(tasks.query_ptr)))


class SelectorReadsLabels(Selector):
    """Peeks where it can."""

    name = "selector-reads-labels"

    def fit(self, train, valid, context):
        pass

    def predict(self, tasks):
        found = tasks.query.labels
        return Selection(logits=np.zeros(len(tasks.query)) if found is None else 1.0 * found)


class WritesLogits(OffSimplex):
    """Turns logits into chances where they lie."""

    def predict(self, tasks):
        logits = tasks.query_base_logits
        np.exp(logits, out=logits)
        return Selection(weights=logits / logits.sum(axis=1, keepdims=True))
