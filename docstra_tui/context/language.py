"""Which language a file is written in, by its name: the info string of its fence.

Only names are looked at, never contents; an unknown name gives an empty string, never a guess.
"""

from __future__ import annotations

import posixpath

BY_NAME = {
    "cmakelists.txt": "cmake",
    "containerfile": "dockerfile",
    "dockerfile": "dockerfile",
    "gemfile": "ruby",
    "gnumakefile": "makefile",
    "justfile": "just",
    "makefile": "makefile",
    "rakefile": "ruby",
    "snakefile": "python",
    "vagrantfile": "ruby",
}

BY_ENDING = {
    ".ada": "ada", ".adb": "ada", ".ads": "ada",
    ".asm": "asm", ".s": "asm",
    ".awk": "awk",
    ".bash": "bash", ".sh": "bash", ".zsh": "zsh", ".fish": "fish", ".sbatch": "bash", ".slurm": "bash",
    ".bat": "bat", ".cmd": "bat", ".ps1": "powershell",
    ".c": "c", ".h": "c",
    ".cc": "cpp", ".cpp": "cpp", ".cxx": "cpp", ".hh": "cpp", ".hpp": "cpp", ".hxx": "cpp", ".inl": "cpp",
    ".cl": "opencl", ".cu": "cuda", ".cuh": "cuda",
    ".clj": "clojure", ".cljs": "clojure",
    ".cmake": "cmake",
    ".cs": "csharp", ".fs": "fsharp", ".vb": "vbnet",
    ".css": "css", ".scss": "scss", ".less": "less", ".tcss": "css",
    ".csv": "csv", ".tsv": "tsv",
    ".d": "d", ".dart": "dart",
    ".diff": "diff", ".patch": "diff",
    ".el": "elisp", ".lisp": "lisp", ".scm": "scheme", ".rkt": "racket",
    ".elm": "elm", ".erl": "erlang", ".ex": "elixir", ".exs": "elixir",
    ".f": "fortran", ".f03": "fortran", ".f08": "fortran", ".f77": "fortran", ".f90": "fortran",
    ".f95": "fortran", ".for": "fortran",
    ".glsl": "glsl", ".hlsl": "hlsl", ".wgsl": "wgsl",
    ".go": "go", ".gradle": "groovy", ".groovy": "groovy",
    ".graphql": "graphql", ".proto": "protobuf", ".thrift": "thrift",
    ".hs": "haskell", ".ml": "ocaml", ".mli": "ocaml",
    ".htm": "html", ".html": "html", ".vue": "vue", ".svelte": "svelte",
    ".ini": "ini", ".cfg": "ini", ".conf": "ini",
    ".java": "java", ".kt": "kotlin", ".kts": "kotlin", ".scala": "scala",
    ".jl": "julia", ".m": "matlab", ".nb": "mathematica", ".r": "r", ".rmd": "rmarkdown",
    ".js": "javascript", ".cjs": "javascript", ".mjs": "javascript", ".jsx": "jsx",
    ".json": "json", ".jsonl": "json", ".ndjson": "json", ".ipynb": "json",
    ".lua": "lua", ".pl": "perl", ".pm": "perl", ".php": "php", ".rb": "ruby", ".tcl": "tcl",
    ".md": "markdown", ".markdown": "markdown", ".rst": "rst", ".tex": "latex", ".bib": "bibtex",
    ".mk": "makefile", ".nix": "nix", ".tf": "hcl", ".hcl": "hcl",
    ".nim": "nim", ".zig": "zig", ".rs": "rust", ".swift": "swift", ".v": "verilog", ".sv": "systemverilog",
    ".vhd": "vhdl", ".vhdl": "vhdl",
    ".pas": "pascal", ".sql": "sql", ".vim": "vim",
    ".py": "python", ".pyi": "python", ".pyw": "python", ".pyx": "cython", ".pxd": "cython",
    ".toml": "toml", ".yaml": "yaml", ".yml": "yaml", ".xml": "xml", ".xsd": "xml", ".svg": "xml",
    ".ts": "typescript", ".cts": "typescript", ".mts": "typescript", ".tsx": "tsx",
    ".txt": "text", ".log": "text",
}  # fmt: skip
"""Endings in lower case."""


def language_of(path: str) -> str:
    """`python` for `src/a.py`, `dockerfile` for `Dockerfile`; empty when the name does not tell."""
    name = posixpath.basename(path).lower()
    if name in BY_NAME:
        return BY_NAME[name]
    return BY_ENDING.get(posixpath.splitext(name)[1], "")
