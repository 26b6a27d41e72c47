"""What goes wrong when everything goes wrong, counted: a module a kind, each with `NAME` and `count(report)`.

`python -m benchmarks.faults [KIND …] [--json]` runs them all, or those that are named. Every figure that says
what was lost, hung or crashed has 0 as its target.
"""
