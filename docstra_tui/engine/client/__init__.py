"""The engine as its clients see it: where it is, how it is reached, what it says."""
