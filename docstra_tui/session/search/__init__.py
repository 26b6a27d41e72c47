"""Looking for words in saved sessions: an index in a file of its own, and what is done without one."""
