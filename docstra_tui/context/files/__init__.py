"""Files as they lie on the disk: listed, read, decoded, and told apart from those that are ignored."""
