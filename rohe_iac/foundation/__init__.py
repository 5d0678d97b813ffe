"""Floor 1: errors, diagnostics, quantities, names, registry, user modules, clock."""
