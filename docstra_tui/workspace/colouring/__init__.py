"""Colours for code, from a process that may be killed."""
