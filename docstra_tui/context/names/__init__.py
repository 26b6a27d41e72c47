"""Finding a file of a project by its name."""
