"""Makes files of the original ROHE of a blueprint.

`documents` writes nodes and services; `round_trip` finds what an import of the files would not bring back, so that
every loss is reported.
"""
