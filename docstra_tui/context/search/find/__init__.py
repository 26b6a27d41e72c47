"""Search in files: words or a regular expression, in a process that can be killed."""
