"""What looks like a key is found, wherever it stands; source about keys is not; the time is linear."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from docstra_tui.context import credentials
from docstra_tui.context.search.extraction import extract
from docstra_tui.context.search.spelling import words

BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"


def joined(*parts: str) -> str:
    """A token of several parts: whole, it would alarm every scanner that reads this file."""
    return "".join(parts)


SECRETS = {
    "a private key": f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n",
    "a private key, encrypted": (
        f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,AB\n\n{BODY}"
    ),
    "a private key in JSON": joined('"private_key": "-----BEGIN PRIVATE KEY-----', "\\n", BODY, '\\n"'),
    "an AWS key": joined("aws = AK", "IAQX7R4ZK2M5NPW3TD"),
    "a GitHub token": joined("gh", "p_", "x7Kq2mZp9RtLwN4vBs8YdHc3JfGa6TeUoQ1i"),
    "a GitHub token, fine-grained": joined(
        "github", "_pat_", "11ABCDE7Y0x7Kq2mZp9RtL_wN4vBs8YdHc3JfGa6TeUoQ1iK"
    ),
    "a GitLab token": joined("gl", "pat-", "x7Kq2mZp9RtLwN4vBs8Y"),
    "a Slack token": joined("xo", "xb-", "2741938560-x7Kq2mZp9RtLwN4vBs8Y"),
    "a Slack address": joined(
        "https://hooks.slack.com/", "services/T0A1B2C3D/B0E4F5G6H/x7Kq2mZp9RtLwN4vBs8YdHc3"
    ),
    "an API key": joined("sk", "-proj-x7Kq2mZp9RtLwN4vBs8YdHc3JfGa6"),
    "an API key, Anthropic": joined("sk", "-ant-api03-x7Kq2mZp9RtLwN4vBs8YdHc3JfGa6"),
    "a Hugging Face token": joined("h", "f_", "xKqmZpRtLwN4vBsYdHcJfGaTeUoQi9rSbW"),
    "a Google key": joined("AI", "zaSyB7Kq2mZp9RtLwN4vB-8YdHc3JfGa6TeUo"),
    "a Hugging Face token of letters": joined("h", "f_", "xKqmZpRtLwNvBsYdHcJfGaTeUoQirSbWEm"),
    "a connection string": joined(
        '"Name=x;Account', "Key=x7Kq2mZp9RtLwN4vBs8YdHc3JfGa6TeUoQ1i==;End=core", '"'
    ),
    "a header": joined("Authorization: Bea", "rer x7Kq2mZp9RtLwN4vBs8YdHc3"),
    "a login to a registry": '"auths": {"r.io": {"auth": "eDdLcTJtWnA5UnRMd040dkJzOFk="}}',
    "a password with signs": "password = 'Pa$$-w0rd-99%'",
    "a web token": joined(
        "eyJhbGciOiJIUzI1NiIsInR5", ".eyJzdWIiOiI5ODc2NTQzMjEw", ".x7Kq2mZp9RtLwN4vBs8YdHc3"
    ),
    "a password": 'DB_PASSWORD = "x7Kq2mZp9RtL"',
    "a password, short": "password: 'Tr0ub4d0r'",
    "a key in a mapping": "{'api_key': 'x7Kq2mZp9RtLwN4v'}",
    "a secret in a file of variables": "export CLIENT_SECRET=x7Kq2mZp9RtLwN4vBs8Y\n",
    "a token by index": 'config["token"] = "9f86d081884c7d659a2feaa0c55ad015"',
    "a password in a URL": "postgres://app:x7Kq2mZp9R@db:5432/app",
}


@pytest.mark.parametrize("kind", SECRETS)
def test_what_looks_like_a_key_is_found_at_its_line(kind: str) -> None:
    text = f"first = 1\n{SECRETS[kind]}\nlast = 2\n"
    hits = list(credentials.find(text))
    likely = [word for word in words(text) if credentials.may_begin(word)]
    assert hits == list(credentials.find(text, shapes=credentials.shapes_in(text, likely)))
    assert hits[0].value not in credentials.without_credentials(text, likely)
    assert hits
    if ":" not in SECRETS[kind][:12]:
        assert text.count("\n", 0, hits[0].start) == 1
    assert all(0 <= text.find(hit.value, hit.start) - hit.start < 200 for hit in hits)


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("path", ["a.py", "a.js", "a.sql", "a.md", "a.toml", "a"])
def test_an_index_is_told_nothing_of_a_key_in_any_language(path: str, kind: str) -> None:
    text = f"first = 1\n{SECRETS[kind]}\nlast = 2\n"
    clean = credentials.without_credentials(text)
    assert clean != text
    assert extract(path, text) == extract(path, clean)


@pytest.mark.parametrize(
    "text",
    [
        'HEADER = "-----BEGIN PRIVATE KEY-----"\nFOOTER = "-----END PRIVATE KEY-----"\n',
        "-----BEGIN PUBLIC KEY-----\n" + BODY,
        joined("AK", "IAIOSFODNN7EXAMPLE"),
        'password = "correct-horse-battery-staple"',
        'password = os.environ["DB_PASSWORD_1"]',
        'token = "${GITHUB_TOKEN_2}"',
        "api_key: <your-api-key-123>",
        "tokenizer = LayoutLMv3TokenizerFast2",
        'pad_token = "<|endoftext_50256|>"',
        "password=changeme123",
        'secret = "xxxxxxxxxxxx1234567"',
        'headers = {"Authorization": f"Bearer {access_token_2024}"}',
        'auth = "basic"',
        'password = "%(db_password_1)s"',
        "nextToken = 'x7Kq2mZp9RtLwN4vBs8Y'",
        "sk-learn-is-the-name-of-a-package-for-learning",
        "task-2024-10-18-something-that-ran-last-night",
        "http://localhost:8000@host/",
        "hf_hub_download_of_a_file_that_is_called_like_this",
        "sha256 = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'",
        "def token(self) -> str: ...",
    ],
)
def test_source_about_keys_is_no_key(text: str) -> None:
    assert not list(credentials.find(text))


def test_our_own_sources_have_none() -> None:
    root = Path(credentials.__file__).parents[1]
    found = [(path, hit) for path in root.rglob("*.py") for hit in credentials.find(path.read_text())]
    assert not found


@pytest.mark.parametrize(
    "unit",
    [
        *("eyJ", "eyJ-", "eyJaaaaaaaaaaaaaaaaaaaa.", "sk-", "password", "password = ", 'token = "', "://a:"),
        *(
            "-----BEGIN ",
            "-----BEGIN RSA PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\n" + "Aa: b   " * 40 + "\n",
            "-----BEGIN PRIVATE KEY-----\n" + "Aa: b\n  " * 40,
            "A-b: c\n",
            "a",
            "AKIA",
            "hf_",
            "secret=",
            "\\n",
        ),
    ],
)
def test_no_text_takes_long(unit: str) -> None:
    """Twice the text takes about twice the time, whatever it repeats."""
    times = []
    for size in (100_000, 400_000):
        text = unit * (size // len(unit))
        began = time.process_time()
        list(credentials.find(text))
        times.append(time.process_time() - began)
    assert times[1] < 8 * times[0] + 0.2
    assert times[1] < 10  # a guard against hanging, not a figure
