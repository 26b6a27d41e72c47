"""What both faces know about terminals."""
