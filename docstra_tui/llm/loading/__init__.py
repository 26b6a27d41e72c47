"""From files to a model on a device. Needs torch."""
