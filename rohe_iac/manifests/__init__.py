"""Floor 4: a Plan rendered into Manifests with Jinja2."""
