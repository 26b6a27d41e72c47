"""How far what is said of an answer's references can be relied on: seeded answers whose truth is known.

`python -m benchmarks.citations [--json] [--answers N] [--seed N] [--faults N] [--no-cost]`

Each answer is written from files of the environment, in the ways in which models write, so that it is known
what has to be said of each reference; beside that, every ✓ is looked up again in what was sent, by other
means than the product's. `--faults` shows N of each kind that went wrong. The costs are those of checking
while an answer streams, against the view that draws it, and of a long answer over many files.
"""
