"""Questions that wait for their turn, and the one that runs."""
