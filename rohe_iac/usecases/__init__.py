"""Floor 6: one file a verb, tying the floors below together."""
