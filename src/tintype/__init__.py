"""Tintype: the self-hosted studio API for AI imagery."""

__version__ = "0.1.0"
