"""How results look, one file a noun, each with a human and a machine face.

Folders group views as `usecases` groups commands; `page` is the HTML page of a plan.
"""
