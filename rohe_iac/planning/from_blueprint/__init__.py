"""Makes a Problem of the linked blueprint, and writes the planned amounts back as requests.

The only package of planning, besides sizing, that imports the blueprint.
"""
