"""Before the first step: datasets are prepared and divided, a suite becomes trials and the steps that they read."""
