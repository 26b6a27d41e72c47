"""What the commands that answer and end say below their flags."""

from __future__ import annotations

ONE_SHOT = (
    "The answer goes to standard output, everything else to standard error; it is\n"
    "not saved as a session. The model stays loaded for a while\n"
    "(engine.oneshot_minutes), so that the next question is fast."
)

MANY = (
    "FILE may be a folder: all code below it that its project does not ignore.\n"
    "With a folder, with more than four files and with -o several are asked at\n"
    "once, and a command that is broken off and given again goes on where it\n"
    "was. With -o each answer is FOLDER/FILE.md and is written when it is whole;\n"
    "it is asked again when the file has changed, or with --force.\n"
    "Without a file (or with -), the code comes from standard input.\n"
)

ASKING = (
    "With --auto-files, files of this folder are looked for by the question; each is\n"
    "said on standard error before it is sent. Of one that does not fit, the lines\n"
    "that are most about the question go, or nothing.\n"
    "With --each FILE may be a folder. The parts are asked at once; what each is\n"
    "and says is on standard error, or in the object (parts).\n"
    "With a question, text piped in is one more thing to answer from; without\n"
    "one it is the question. With -f, or from a file, it is read only where -\n"
    "is named: ask QUESTION - -f FILE.\n"
)

CHECKING = (
    "ANSWER.md is a text from anywhere; - is standard input. Quotes, places\n"
    "(FILE:LINE) and names of code in it are looked up in the files as they are,\n"
    "without a model. A line for each: tabs in a pipe, and with --json\n"
    '{"citations": [{"text", "kind", "path", "line", "status"}]}. status is found,\n'
    "repaired (but for white space), moved, missing, ambiguous, changed or unchecked;\n"
    "line is where it stands. The exit code is 5 where something is missing, else 1\n"
    "where not all could be looked up.\n"
)

SUGGESTING = (
    "The best come first, with a reason each: tabs in a pipe, and with --json\n"
    '{"files": [{"path", "reason", "tokens"}]}. Tokens are counted by the model that\n'
    "is loaded already; without one they are missing, or null. An index of the\n"
    "project is kept in the cache folder and brought up first; nothing is sent, but\n"
    "for the question with --words.\n"
)

FILLING = (
    "The files stand where the template says {context}, else in front. Text\n"
    "piped in goes with them; with -f, or from a file, it is read only where -\n"
    "is named.\n"
)

SESSIONS = (
    "It has list, search, show, export, import, rename and delete.\n"
    "search WORDS finds the turns with all of the words in question, answer or the\n"
    "names of files; a word may be the beginning of one, and what stands in quotes\n"
    "stands so: search '\"in this order\" retry'.\n"
    "SESSION is the beginning of an id, or last; rename takes the title behind it.\n"
    "export writes Markdown, the path that is shown, or JSON, every fork. import\n"
    "FILE makes a session of such JSON (- is standard input), about the folder one\n"
    "is in; its files are names, and nothing is opened by it."
)

LOOKING = (
    "A line for each of Python, torch, devices, model, engine, settings, folders,\n"
    "saved sessions, index and terminal: ok, warn or fail, and what to do about it.\n"
    "Nothing is changed, and nothing leaves this machine. The exit code is 1 where\n"
    "something fails. It takes three seconds at most, with --measure longer.\n"
    'With --json it is {"checks": [{"name", "status", "detail", "cure"}]}.'
)
