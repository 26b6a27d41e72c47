"""What an answer is made of, as lines to draw."""
