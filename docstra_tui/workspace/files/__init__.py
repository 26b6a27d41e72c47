"""Which files are picked, how they stand, and what they cost."""
