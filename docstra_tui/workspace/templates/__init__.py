"""Templates where a folder is open: which there are, how one is reviewed, filled and asked with."""
