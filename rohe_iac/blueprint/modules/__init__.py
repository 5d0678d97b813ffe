"""Modules with typed inputs: expanded into a stack, names prefixed, and expressions computed in bounded time."""
