"""What is computed of one method's predictions: metrics, perfect selectors, checks of what a plugin handed back."""
