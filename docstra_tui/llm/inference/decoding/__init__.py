"""How an answer is written: one step of the model after the other, and what comes of each."""
