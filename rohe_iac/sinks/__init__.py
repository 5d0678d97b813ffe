"""Floor 4: where an agent writes its outcomes: the store, and further sinks by contract."""
