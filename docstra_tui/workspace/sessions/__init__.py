"""Saved conversations: which one to go on with, with which files and model, and what no disk has."""
