"""Which methods' total cost has fits of base models on folds in it, beside the one that predicts test users."""

from __future__ import annotations

from collections.abc import Mapping

from bench.report.content.model import Report, Section

__all__ = ["has_fold_fits"]


def has_fold_fits(report: Report, section: Section) -> Mapping[str, bool]:
    """By method; none where nothing is known of it, or no base model is fitted. A method that adapts its base models has no
    folds, nor has a holdout in cold."""
    from_files = {one.model for one in section.from_files}
    if section.base_models and all(one.name in from_files for one in section.base_models):
        return {}
    adapts = {one.name for one in report.compositions if "base_models" in one.adapt}
    folds = {
        "out-of-sample": True,
        "holdout": section.split_facts.get("setting") != "cold",
        "in-sample": False,
    }
    return {
        method: folds[source] and method not in adapts
        for source, methods in section.base_predictions.items()
        if source in folds
        for method in methods
    }
