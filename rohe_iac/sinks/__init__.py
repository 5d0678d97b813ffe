"""Floor 4: where an agent writes its results."""
