"""Imports Docker Compose projects as pipelines.

One file for each section of a Compose service; `project` reads variables, `include`, `extends` and overrides the way
Compose does; `services` puts the parts together.
"""
