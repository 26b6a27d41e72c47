"""Other engines as they really are, each in a process of its own, with the starter model."""
