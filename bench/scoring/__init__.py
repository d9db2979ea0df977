"""Figures of trials and analyses of runs, computed in processes that import the metrics used and no other plugin."""
