"""The compiled functions of the inner loop, each of one user's rows, and what they read."""
