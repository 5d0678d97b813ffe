"""Intake: messages become inputs of the observer, each report once, or dead letters with their reasons."""
