"""What all importers share.

Drafts collect the documents to write; the journal records for each field of a source whether it was taken, changed or
left out; naming, units and command lines are translated in one place.
"""
