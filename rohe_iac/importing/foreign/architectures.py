"""Processor architectures as other tools spell them."""

from __future__ import annotations

ARCHITECTURES = {"amd64": "amd64", "x8664": "amd64", "arm64": "arm64", "aarch64": "arm64", "arm": "arm", "armv7": "arm"}
"""The architecture of the language by the loose spelling of a foreign one."""
