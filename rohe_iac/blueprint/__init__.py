"""Floor 2: from YAML documents to frozen models to one linked Blueprint."""
