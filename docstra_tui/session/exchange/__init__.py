"""A saved conversation in a file that another program, or this one elsewhere, can read."""
