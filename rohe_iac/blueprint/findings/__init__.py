"""Faults of documents before they are diagnostics: codes, references and the text that they point into.

Documents are plain values while they are validated; the place of a fault is looked up only for what is reported.
"""
