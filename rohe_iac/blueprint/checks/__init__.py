"""Checks of documents beyond their fields, one file for each kind of document or rule.

`links` resolves references between documents and calls the other checks. Each check yields its findings.
"""
