"""How the instances of a pipeline are divided among its agents."""
