"""Checks of a stack's broker that need more than its fields: files with certificates and credentials."""
