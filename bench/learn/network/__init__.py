"""A differentiable plugin with its tables: lookup, losses and the one training loop."""
