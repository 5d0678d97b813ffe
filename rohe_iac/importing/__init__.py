"""Files of other tools as blueprint documents, and blueprints as files of the original ROHE.

`import_texts` is the entry: `recognition` finds what a file is, the package of its format reads it, and `foreign`
holds what all formats share: drafts of documents, and a journal that accounts for every field.
"""
