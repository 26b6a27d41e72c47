"""Finding among the files of a project."""
