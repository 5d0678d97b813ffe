"""Makes one of the Compose files of a project: variables, `include`, `extends`, merging, profiles and the name."""
