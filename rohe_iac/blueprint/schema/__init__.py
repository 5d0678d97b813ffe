"""The language as a JSON Schema and as the reference in docs/blueprints.md; both are made of the models."""
