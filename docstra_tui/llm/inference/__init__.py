"""The thread that owns the model: prompt, cache, generation, streaming. Needs torch."""
