"""Checks a saved plan again with arithmetic of its own.

Shares nothing with the planner on purpose (import-linter holds it): a fault of the planner must not hide itself here.
"""
