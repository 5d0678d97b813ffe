"""The models of the language, one file for each kind of document, and the types of quantities that they share.

A new field starts here; `schema.descriptions` explains it, and `checks.unsupported` names it until something acts on
it.
"""
