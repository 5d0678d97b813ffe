"""Checks of what containers have beside a program: volumes, files of variables, users, and the order of starts."""
