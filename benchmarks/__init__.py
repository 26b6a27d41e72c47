"""Measurements as ratios: our figure, a plain baseline or a peer, and what one is of the other.

`python -m benchmarks.NAME [--json]`; the last line with --json is one JSON object.
"""
