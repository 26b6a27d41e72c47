"""The use case without a screen: a conversation about files, kept on disk."""
