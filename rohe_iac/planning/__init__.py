"""Floor 3: pure placement, from a Blueprint and previous placements to a Plan."""
