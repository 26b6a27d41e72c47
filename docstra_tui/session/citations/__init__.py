"""What an answer says of the files that were sent, checked against what was sent."""
