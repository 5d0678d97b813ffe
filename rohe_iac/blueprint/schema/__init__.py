"""The language as a JSON Schema and as the reference in docs/blueprints.md; both are generated from the models."""
