"""Floor 2: from YAML documents to frozen models to one linked Blueprint.

`loading` is the entry. The packages follow the way of a document: `text` (YAML with places), `documents` (which
files, which kinds), `validation` (plain values into the models of `language`), `modules` (expansion), `checks` (what
the models alone cannot see), and the result in `linked`. `findings` holds faults until their place is looked up,
`hints` the suggestions of messages, and `schema` the JSON Schema and the reference page.
"""
