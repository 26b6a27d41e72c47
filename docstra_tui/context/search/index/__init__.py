"""The index of a project: what its files say, in a file of SQLite's that can be made again at any time."""
