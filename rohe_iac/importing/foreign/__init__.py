"""What the importers of all formats share.

Drafts collect the documents to write; the journal records for each field of a file whether it was mapped, and to what,
or why not; names, units and command lines are translated in one place.
"""
