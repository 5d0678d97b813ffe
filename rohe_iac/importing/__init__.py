"""Makes blueprint documents of files of other tools, and files of the original ROHE of blueprints.

`import_texts` is the entry: `recognition` finds the format of a document, the package of that format reads it, and
`foreign` has what all formats share: drafts of documents, and a journal that accounts for every field.
"""
