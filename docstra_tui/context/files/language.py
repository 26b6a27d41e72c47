"""Which language a file is written in: the info string of its fence.

By its name; by its content only where several languages share the ending, or where there is none. What
neither tells gives an empty string, never a guess.
"""

from __future__ import annotations

import posixpath

from docstra_tui.context.files import dialects

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
    ".c": "c",
    ".cc": "cpp", ".cpp": "cpp", ".cxx": "cpp", ".hh": "cpp", ".hpp": "cpp", ".hxx": "cpp", ".inl": "cpp",
    ".mm": "objective-c++",
    ".cu": "cuda", ".cuh": "cuda",
    ".clj": "clojure", ".cljs": "clojure",
    ".cmake": "cmake",
    ".cs": "csharp", ".vb": "vbnet",
    ".css": "css", ".scss": "scss", ".less": "less", ".tcss": "css",
    ".csv": "csv", ".tsv": "tsv",
    ".dart": "dart",
    ".diff": "diff", ".patch": "diff",
    ".el": "elisp", ".lisp": "lisp", ".scm": "scheme", ".rkt": "racket",
    ".elm": "elm", ".erl": "erlang", ".ex": "elixir", ".exs": "elixir",
    ".f03": "fortran", ".f08": "fortran", ".f77": "fortran", ".f90": "fortran",
    ".f95": "fortran",
    ".glsl": "glsl", ".hlsl": "hlsl", ".wgsl": "wgsl",
    ".go": "go", ".gradle": "groovy", ".groovy": "groovy",
    ".graphql": "graphql", ".proto": "protobuf", ".thrift": "thrift",
    ".hs": "haskell", ".ml": "ocaml", ".mli": "ocaml",
    ".htm": "html", ".html": "html", ".vue": "vue", ".svelte": "svelte",
    ".ini": "ini",
    ".java": "java", ".kt": "kotlin", ".kts": "kotlin", ".scala": "scala",
    ".jl": "julia", ".nb": "mathematica", ".r": "r", ".rmd": "rmarkdown",
    ".js": "javascript", ".cjs": "javascript", ".mjs": "javascript", ".jsx": "jsx",
    ".json": "json", ".jsonl": "json", ".ndjson": "json", ".ipynb": "json",
    ".lua": "lua", ".pm": "perl", ".php": "php", ".rb": "ruby", ".tcl": "tcl",
    ".md": "markdown", ".markdown": "markdown", ".rst": "rst", ".tex": "latex", ".bib": "bibtex",
    ".mk": "makefile", ".nix": "nix", ".tf": "hcl", ".hcl": "hcl",
    ".nim": "nim", ".zig": "zig", ".rs": "rust", ".swift": "swift", ".sv": "systemverilog",
    ".vhd": "vhdl", ".vhdl": "vhdl",
    ".pas": "pascal", ".sql": "sql", ".vim": "vim",
    ".py": "python", ".pyi": "python", ".pyw": "python", ".pyx": "cython", ".pxd": "cython",
    ".toml": "toml", ".yaml": "yaml", ".yml": "yaml", ".xml": "xml", ".xsd": "xml", ".svg": "xml",
    ".cts": "typescript", ".mts": "typescript", ".tsx": "tsx",
    ".txt": "text", ".log": "text",
}  # fmt: skip
"""Endings in lower case, but for those that several languages share (`dialects`)."""

NO_CODE = frozenset(
    {"bibtex", "csv", "diff", "ini", "json", "latex", "markdown", "rst", "text", "toml", "tsv", "xml", "yaml"}
)
"""Data, settings and prose: nothing that is explained or documented as a program is."""


def is_code(language: str) -> bool:
    """True for the language of a program; False for data, prose and what is not known."""
    return bool(language) and language not in NO_CODE


def language_of(path: str, content: str = "") -> str:
    """`python` for `src/a.py`, `dockerfile` for `Dockerfile`, `objective-c` for an `a.m` that is.

    `content` is that of the whole file; empty where it is not known. Empty when nothing tells.
    """
    name = posixpath.basename(path).lower()
    if name in BY_NAME:
        return BY_NAME[name]
    ending = posixpath.splitext(name)[1]
    if ending in dialects.SHARED:
        return dialects.by_ending(ending, content) if content.strip() else ""
    return BY_ENDING.get(ending, "") or dialects.by_first_line(content)
