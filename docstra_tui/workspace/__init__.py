"""What both faces do with an open project, without Textual and without prompt_toolkit."""
