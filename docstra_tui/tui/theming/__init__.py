"""Colours of the screen and of code."""
