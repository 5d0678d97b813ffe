"""Use cases that write and check documents: validate, fmt, import, export, schema."""
