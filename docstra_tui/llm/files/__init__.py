"""What a model's name means: where models lie, and how they are fetched. Without torch."""
