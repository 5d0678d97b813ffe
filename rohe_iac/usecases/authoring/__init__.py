"""Use cases that write and check documents: validate, fmt, import, import cluster, diff, export, schema."""
