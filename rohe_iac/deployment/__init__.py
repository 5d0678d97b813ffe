"""Floor 5: drives the Pulumi engine; knows no target by name."""
