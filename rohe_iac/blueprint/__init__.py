"""Floor 2: from YAML documents to frozen models to one linked Blueprint.

`loading` is the entry. The packages follow the steps of a document: `text` (YAML with places), `documents` (files
and kinds), `validation` (plain values into the models of `language`), `modules` (expansion), `checks` (faults that the
models alone cannot detect), and the result in `linked`. `findings` holds faults until their places are looked up,
`hints` the suggestions of messages, and `schema` the JSON Schema and the reference page.
"""
