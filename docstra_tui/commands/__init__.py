"""What the command line can do, one module a group of commands. Nothing here knows a screen."""
