"""What machine, terminal and settings are to the program: looked at all at once, never changed."""
