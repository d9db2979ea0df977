"""Where steps run: what every executor knows of a step, and the two that the harness brings."""
