"""Files become structured context: listed, ignored, read, counted."""
