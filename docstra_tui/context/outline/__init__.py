"""A file's skeleton: what it declares, without its bodies."""
