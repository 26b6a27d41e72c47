"""The engine: one process per loaded model, OpenAI-compatible over a Unix socket."""
