"""Floor 1: what every floor uses: errors, diagnostics, quantities, names, topics, folders, settings and the clock."""
