"""The door for filters, scorers and strategies that users bring: protocols, calling them safely, and built-in examples.

User modules import these names from `rohe_iac.plugins`.
"""
