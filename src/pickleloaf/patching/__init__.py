"""Patches of importable code: how they are found, sent and applied."""
