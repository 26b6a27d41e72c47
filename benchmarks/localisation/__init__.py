"""How well the files that a question is about are found: the product's own index and its own suggestions.

`python -m benchmarks.localisation [--json] [--ablate] [--names] [--set FILE --corpora FOLDER]
[--predictions FILE]`

Without a set: the questions beside this, over six packages that are fetched once, from the package indexes
that pip and npm are set up for. Each line of a set is `{id, corpus, question, gold: [path, …], kind, style}`;
`corpus` is a folder in `--corpora`, and paths are relative to that. `--ablate` measures without each signal
too, `--names` how often a file comes first that a question names.
"""
