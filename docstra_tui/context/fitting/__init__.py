"""What is sent of files when a prompt is too long: the budget, the plan, the proposal."""
