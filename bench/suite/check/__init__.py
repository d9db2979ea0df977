"""Is a suite right? Its keys, the plugins' parameters, and what the parts ask of one another."""
