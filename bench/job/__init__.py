"""What crosses from the harness to a worker and back: steps, their seeds, splits and settings, and what came of them."""
