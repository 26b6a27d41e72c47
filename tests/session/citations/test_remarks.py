"""What answers say in code marks that is no claim about the files gets no ✗, and what is one does."""

from __future__ import annotations

import pytest

from docstra_tui.llm.items import ContextItem
from docstra_tui.session.citations.checking import verify

CLIENT = """import httpx
from .errors import ApiError


class Client:
    def __init__(self, url: str, *, retries: int = 3) -> None:
        self.url = url
        self._session = httpx.Client()

    @property
    def timeout(self) -> float:
        return 3.0

    @cached
    def fetch(self, path: str, params: dict[str, str] | None = None) -> bytes:
        answer = self._session.get(path, headers={"Accept": "a b"})
        if answer.status_code == 429:
            raise ApiError(answer.status_code)
        return answer.content
"""
CACHE = """pub mod store {
    pub struct Entry<T> { key: T }
}
pub struct Cache<K> { inner: Vec<K> }
impl<K> Cache<K> {
    pub fn insert(&mut self, key: K) { self.inner.push(key) }
}
"""
PARSER = "namespace net {\nclass Parser {\n  int parse(int depth);\n};\n}\n"
SERVER = """package web

type Server struct {
	Addr string
}

func (s *Server) Start() error {
	return nil
}
"""
ITEMS = (
    ContextItem(CLIENT, "app/client.py", "python"),
    ContextItem(CACHE, "core/cache.rs", "rust"),
    ContextItem(PARSER, "native/parser.cpp", "cpp"),
    ContextItem(SERVER, "web/server.go", "go"),
)


def said(answer: str) -> list[tuple[str, str, str | None, int | None]]:
    return [(one.text, one.status, one.path, one.line) for one in verify(answer, ITEMS)]


@pytest.mark.parametrize(
    "answer",
    [
        "`None` is given back, `print()` prints, `len(x)` and `super().__init__()` too.",
        "`isinstance(answer, str)` is asked, `len(answers)` counted, `range(10)` gone through.",
        "Run `pip install httpx`, `DEBUG=1 python -m app` and `docker run -p 80:80 demo`.",
        "But not `git push --force`, nor `npm run build`.",
        "It takes `dict[str, Any]`, `Optional[int]`, `Vec<u8>`, `Result<T, E>` or `Callable[..., Any]`.",
        "In `O(n log n)`, if `x > 0` or `a == b`; `x = y`, `foo(bar)`, `key=value` and `err != nil`.",
        "Versions `1.2:3` and `1.2.3` at `12:30`; `HTTP 404`, `200 OK`, `-1`, `0x1F`, `utf-8`.",
        "Press `Ctrl+C` in `/tmp` or `$HOME`, with `--verbose` or `-v`; `*.py` and `src/**/*.ts`.",
        "`pytest`, `numpy` and `redis` do this; `useMemo` and `.unwrap()` that.",
        "It is centred by `display: flex;`, a `<div class='x'>` holds it.",
        "Go to http://localhost:8000/a.py:3 or `localhost:8000`, `127.0.0.1:80`.",
    ],
)
def test_what_is_of_no_file_is_no_reference(answer: str) -> None:
    assert said(answer) == []


@pytest.mark.parametrize(
    "text",
    [
        "time.sleep(1)", "json.dumps", "std::move(x)", "console.log(value)", "httpx.AsyncClient",
        "ApiError.code", '{"items": [], "next": null}', "retries=5", "self._session.get(url)", "Client(url)",
        "Client[int]",
        "def fetch(self, path, params=None)", "raise ApiError(code)", "Cache<u8>::insert", "store::Entry<u8>",
        "net::Parser::parse(3)", "new Parser(1)", "validate", "~/.config/app.toml", "app/errors.py",
        "/srv/other/main.py:3", "C:\\Temp\\main.py",
    ],
)  # fmt: skip
def test_what_may_be_said_of_something_else_is_not_called_missing(text: str) -> None:
    assert [status for _, status, _, _ in said(f"It has to do with `{text}`.")] == ["unchecked"]


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ("`fetch(path, params)` gets it.", 15),
        ("`Client.url` is its address.", 7),
        ("`Client._session` is kept.", 8),
        ("`net::Parser` parses.", 2),
        ("`crate::store::Entry` is one.", 2),
        ("`(*Server).Start` and no other.", 7),
        ("`web.Server` serves.", 3),
        ("`Server::Addr` is there.", None),
    ],
)
def test_names_are_found_as_people_write_them(answer: str, line: int | None) -> None:
    assert [(status, at) for _, status, _, at in said(answer)] == [
        ("found" if line else "unchecked", line or 4)
    ]


@pytest.mark.parametrize(
    "answer",
    [
        "It calls `fetch_all()` then.",
        "`Client.retry` does it.",
        "`self._backoff` is set.",
        "`app/client.py:3` has `time.sleep(1)`.",
        "In `app/client.py`, `validate` is called.",
        "`if answer.status_code == 430:` is checked.",
        "It ends with `raise ValueError('too many answers')`.",
    ],
)
def test_an_invented_name_or_line_is_missing_still(answer: str) -> None:
    assert "missing" in [status for _, status, _, _ in said(answer)]


def test_kinds_of_code_that_no_file_has_are_examples() -> None:
    for text in ('@app.route("/")', "@app.route", "#[derive(Debug)]", "SELECT name FROM orders;"):
        for items, status in (
            ([ITEMS[3]], "unchecked"),
            ([ContextItem("@here\n#[cfg(x)]\nSELECT 1\n", "a")], "missing"),
        ):
            (one,) = verify(f"It has to do with `{text}`.", items)
            assert one.status == status, text
            placed = verify(f"In `{items[0].path}:1` stands `{text}`.", items)
            assert "missing" in [one.status for one in placed], text


@pytest.mark.parametrize(
    "answer",
    [
        "`app/client.py:12`: `return 4.0` Nothing else has to change for that.",
        "`app/client.py:12`: `return 4.0`\nYou could make it longer",
        "In `app/client.py:12` it says `return 4.0`, which could be a constant.",
        "It ends with `raise Never(path)` This should be said.",
    ],
)
def test_what_is_proposed_behind_a_quote_hides_no_misquote(answer: str) -> None:
    assert said(answer)[0][1] == "missing"


@pytest.mark.parametrize(
    "answer",
    [
        "You could write `return 4.0` in `app/client.py:12`, which is longer.",
        "Change `app/client.py:12` to `return 4.0` and it should do.",
        "`retry_all()` would call it.",
        "A helper `retry_all()`, which would call it.",
    ],
)
def test_what_is_proposed_is_not_missing(answer: str) -> None:
    assert "missing" not in [status for _, status, _, _ in said(answer)]


def test_a_word_of_a_comment_is_no_call() -> None:
    item = ContextItem("# shows an alert box\nrun(notify, done)\nfrom x import wait\n", "a.js", "javascript")
    for text, status in (
        ("alert()", "missing"),
        ("notify()", "found"),
        ("done()", "found"),
        ("wait()", "found"),
    ):
        assert [one.status for one in verify(f"It calls `{text}` then.", [item])] == [status], text


def test_places_are_known_as_people_write_them() -> None:
    blob = "https://git.example/a/b/blob/main/app/client.py#L9-L10"
    assert said(f"See [client.py]({blob}).") == [(blob, "unchecked", "app/client.py", 9)]
    assert said(f"See [`other.py`]({blob.replace('client', 'other')}) too.")[0][1] == "missing"
    assert said("See `app\\client.py:9:4`.") == [("app\\client.py:9:4", "unchecked", "app/client.py", 9)]
    assert said("`/app/client.py` is it.") == [("/app/client.py", "found", "app/client.py", None)]
    assert said("`/home/me/app/client.py:9` is it.")[0][1:] == ("unchecked", "app/client.py", 9)
    assert said("`Client.fetch` (`client.py:14`) fetches.")[1][1:3] == ("found", "app/client.py")
    assert said("`Client` (`client.py:1-19`) fetches.")[1][1:3] == ("found", "app/client.py")


def test_a_line_below_a_file_is_that_files() -> None:
    first, name, place = said("## In `app/client.py`\n\n1. It raises `ApiError` (line 18)\n")
    assert (first[1], name[1], place) == ("found", "found", ("line 18", "unchecked", "app/client.py", 18))
    assert said("## In `app/client.py`\n\n## Elsewhere\n\nSee line 18.\n")[1][2] is None


def test_a_file_beside_a_command_is_said_all_the_same() -> None:
    assert said("Look at `app/client.py` after `pytest -q` is done.") == [
        ("app/client.py", "found", "app/client.py", None)
    ]


def test_a_command_beside_a_line_is_of_it_only_where_commands_stand() -> None:
    assert said("See `app/client.py:7` and `pip install httpx`.") == [
        ("app/client.py:7", "unchecked", "app/client.py", 7)
    ]
    script = ContextItem("set -e\nmake all\n", "build.sh", "bash")
    (one,) = verify("`pip install httpx` (`build.sh:2`)", [script])
    assert (one.kind, one.status) == ("quote", "missing")


def test_a_name_beside_a_file_that_was_not_sent_is_not_moved() -> None:
    assert said("| `app/errors.py` | `ApiError` |")[1][:3] == ("ApiError", "found", "app/client.py")


def test_quotation_marks_of_another_form_are_forgiven_and_told() -> None:
    (one,) = verify("It sends `headers={“Accept”: “a b”}`.", ITEMS)
    assert (one.status, one.line) == ("repaired", 16) and "quotation marks" in one.note


def test_what_is_said_not_to_be_there_is_not_called_missing() -> None:
    for answer in (
        "`Client.close` is not defined.",
        "It doesn't call `retry_all()`.",
        "`sleep_well()` is missing.",
    ):
        assert [status for _, status, _, _ in said(answer)] == ["unchecked"], answer
