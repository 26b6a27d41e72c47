"""What this machine has free, and what was found out on it about models, for its next start. No torch."""
