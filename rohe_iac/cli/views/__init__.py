"""Views: one file for each kind of result, with a form for people and one for programs.

Folders group views as `usecases` groups commands; `page` is the HTML page of a plan.
"""
