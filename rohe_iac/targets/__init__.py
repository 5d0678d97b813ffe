"""Floor 6: the resources that the engine makes, one package a target."""
