"""What a model says before its answer: how much of it is wished for, and how it is told apart."""
