"""Floor 1: what every floor speaks in: errors, diagnostics, quantities, names, topics, folders, settings, clock."""
