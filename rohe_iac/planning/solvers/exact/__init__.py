"""The strategy `exact`: the placement problem as a constraint model for CP-SAT (OR-tools, an optional extra)."""
