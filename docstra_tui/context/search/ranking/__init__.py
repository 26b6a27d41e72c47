"""From a question to the files that it is about: its terms, what speaks for a file, and why."""
