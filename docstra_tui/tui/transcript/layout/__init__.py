"""Turns and the document they form."""
