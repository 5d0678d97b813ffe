"""Imports Docker Compose projects as pipelines.

One file for each section of a Compose service; `projects` and `merging` read `include`, `extends` and overrides the
way Compose does; `services` puts the parts together.
"""
