"""Words that belong to no project: of languages, their libraries, tools and shells."""

from __future__ import annotations

import builtins
import sys


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


EVERYDAY = (
    _set(
        "true false none null nil undefined nan self this cls super int str float bool bytes list dict "
        "set tuple object type string number boolean void char long short double byte any unknown never "
        "array map vec option result some ok err if else elif for while do switch case match break "
        "continue return yield try except catch finally raise throw with as import from export default "
        "class struct enum interface trait impl fn def func function let const var static public private "
        "protected async await lambda new delete in is not and or pass assert global nonlocal del print "
        "len range open main init args kwargs __init__ __main__ __name__ exception error valueerror "
        "typeerror keyerror indexerror attributeerror runtimeerror oserror ioerror stopiteration "
        "notimplementederror python python3 pip bash sh zsh git npm node yarn cargo rustc go java javac "
        "make cmake gcc clang docker curl sudo json yaml toml xml html css csv sql http https utf-8 utf8 "
        "ascii unicode stdin stdout stderr get post put patch head options localhost linux macos windows "
        "posix unix path size_t enter escape esc tab space backspace ctrl alt shift home end insert up "
        "down left right usize isize u8 u16 u32 u64 i8 i16 i32 i64 f32 f64"
    )
    # What an answer calls by these names is the language's, unless a file defines it.
    | {name.lower() for name in dir(builtins)}
)
"""Where no file defines them nobody claimed anything."""

CAPITALS = frozenset(name for name in dir(builtins) if name[0].isupper()) | _set(
    "Self Any Array Bool Boolean Box Byte Char Dict Double Enum Err Error Float Int Integer List Long Map "
    "Number Object Ok Option Optional Result Set Some String Struct Tuple Type Undefined Union Vec Void "
    "Callable Iterable Iterator Sequence Mapping Generator Awaitable Literal Promise Record HashMap "
    "Math Date System Reflect Intl RegExp React Buffer Arrays Collections Objects Files "
    "SELECT FROM WHERE INSERT UPDATE DELETE GET POST PUT PATCH HEAD OPTIONS HTTP HTTPS JSON YAML TOML XML "
    "HTML CSS CSV SQL UTF ASCII"
)
"""Those of them that are written so; any other with a capital may be somebody's."""

ELSEWHERE = _set(
    # Types of many languages
    "optional callable iterable iterator sequence mapping union literal protocol typeddict namedtuple "
    "generator awaitable coroutine typevar generic annotated final classvar deque counter defaultdict "
    "ordereddict dataclass dataclasses abstractmethod cached_property lru_cache contextmanager override "
    "overload promise record partial readonly pick omit date regexp weakmap weakset symbol bigint proxy "
    "reflect hashmap hashset btreemap btreeset box rc arc refcell cell mutex rwlock cow pin phantomdata "
    "unwrap expect clone into_iter collect to_string as_ref as_str arraylist hashtable integer "
    "stringbuilder unique_ptr shared_ptr string_view vector unordered_map goroutine chan defer panic "
    "recover fmt errorf "
    # What browsers, React and Node bring
    "usestate useeffect usememo usecallback useref usecontext usereducer uselayouteffect suspense "
    "fragment console window document settimeout setinterval cleartimeout requestanimationframe fetch "
    "localstorage addeventlistener queryselector innerhtml require module exports process buffer "
    "json.parse foreach "
    # Programs, libraries and services
    "numpy pandas scipy torch tensorflow keras sklearn matplotlib transformers requests httpx aiohttp "
    "urllib3 flask django fastapi starlette uvicorn gunicorn celery redis postgres postgresql mysql "
    "sqlite sqlite3 mongodb kafka rabbitmq elasticsearch sqlalchemy alembic pydantic attrs click typer "
    "rich textual pytest unittest tox nox mypy ruff black isort flake8 pylint pyright poetry uv pipx "
    "conda virtualenv venv setuptools wheel twine pre-commit react vue svelte angular next nuxt vite "
    "webpack rollup babel eslint prettier jest vitest mocha cypress playwright express koa axios lodash "
    "typescript javascript deno bun pnpm npx tsc tokio serde clap rayon anyhow thiserror clippy rustfmt "
    "rustup gradle maven spring junit kubernetes kubectl helm terraform ansible nginx apache caddy "
    "systemd cron tmux vim emacs grep sed awk find ls cat rm cp mv mkdir chmod chown echo export source "
    "ssh scp rsync tar gzip unzip wget jq gh github gitlab gofmt golang ruby rails rspec bundler gem php "
    "composer perl lua swift kotlin scala haskell elixir prometheus grafana sentry openssl oauth jwt cors "
    "csrf grpc protobuf graphql websocket webhook base64 sha256 md5 uuid utc iso8601 regex foo bar baz "
    "qux quux spam eggs"
)
"""Where no file has them they are somebody else's."""

ROOTS = (
    frozenset(name.lower() for name in sys.stdlib_module_names)
    | ELSEWHERE
    | _set(
        "np pd plt tf nn sns sp std core alloc boost absl fmt http io os strings strconv errors sync "
        "context time math json console document window object array string number promise process react "
        "system java javax org com math date regexp crypto fs path url intl reflect navigator location "
        "history event request req res ctx torch"
    )
)
"""What libraries begin their names with."""

COMMANDS = _set(
    "pip pip3 pipx python python3 py uv poetry conda virtualenv tox nox pytest mypy ruff black flake8 "
    "pylint npm npx yarn pnpm node deno bun tsc vite jest vitest eslint git gh docker docker-compose "
    "podman kubectl helm terraform ansible-playbook cargo rustc rustup go gofmt make cmake ninja meson "
    "bazel gcc g++ clang java javac mvn gradle ./gradlew dotnet ruby bundle gem rails rake php composer "
    "perl curl wget ssh scp rsync tar unzip ls cd cp mv rm mkdir rmdir touch cat less head tail grep rg "
    "sed awk find xargs sort wc chmod chown ln ps kill top df du free echo printf export source set env "
    "sudo apt apt-get brew dnf yum pacman systemctl service journalctl crontab ping netstat lsof psql "
    "mysql sqlite3 redis-cli mongo jq which man tmux vim nano code open bash sh zsh pwsh powershell "
    "uvicorn gunicorn flask celery alembic jupyter"
)
"""What the first word of a line for a shell is."""

PLACEHOLDERS = _set(
    "foo bar baz qux foobar key value val name var obj err arg args item example something anything your "
    "my abc xyz log the"
)
"""Names that stand for any name."""
