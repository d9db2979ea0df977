"""How often the gates are right: studies of changes that are known, and their page."""
