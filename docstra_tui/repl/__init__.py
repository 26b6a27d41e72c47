"""The inline chat (prompt_toolkit)."""
