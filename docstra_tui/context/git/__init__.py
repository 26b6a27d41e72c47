"""What a git repository says of a project: read in a process of its own; git is never started."""
