"""Differences beyond chance: resampling by user, paired tests, adjustment for their number."""
