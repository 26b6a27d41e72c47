"""What lies in `deploy/`, as far as it goes without a cluster.

It parses, its flags were read from the versions that it names, and the scripts start what they say, with
fakes in the places of the servers.
"""

from __future__ import annotations

import configparser
import os
import re
import signal
import subprocess
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from docstra_tui.commands.flags import COMMON

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
SCRIPTS = sorted([*DEPLOY.rglob("*.sh"), *DEPLOY.rglob("*.sbatch")])
SETTINGS = sorted(DEPLOY.rglob("*.yaml"))
UNITS = sorted(DEPLOY.rglob("*.service"))
READ: dict[str, dict[str, Any]] = tomllib.loads((DEPLOY / "flags.toml").read_text())

LONG_FLAG = re.compile(r"(?<![\w-])--([a-z][\w-]*)")
VERSION = re.compile(r"(vLLM|SGLang|Slurm(?: from)?|OpenSSH) (\d[\d.]*\d)")


def named(path: Path) -> str:
    return str(path.relative_to(DEPLOY))


OURS = {flag.removeprefix("--") for option in COMMON for flag in option.flags}


def flags_of(*programs: str) -> set[str]:
    return {
        flag
        for program in programs
        for kind in READ[program].values()
        if isinstance(kind, list)
        for flag in kind
    }


def lines_of(path: Path) -> list[str]:
    """Without comments, but with Slurm's directives."""
    return [
        line
        for line in path.read_text().splitlines()
        if not line.lstrip().startswith("#") or line.startswith("#SBATCH")
    ]


def test_everything_there_is_one_of_these() -> None:
    there = {path for path in DEPLOY.rglob("*") if path.is_file()}
    assert there == {*SCRIPTS, *SETTINGS, *UNITS, DEPLOY / "flags.toml"}
    assert len(SCRIPTS) >= 6 and len(SETTINGS) == 2 and len(UNITS) == 2


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_scripts_parse_and_know_their_flags(path: Path) -> None:
    subprocess.run(["bash", "-n", path], check=True, timeout=20)
    assert os.access(path, os.X_OK) == (path.suffix == ".sh" and path.name != "key.sh")
    text = "\n".join(lines_of(path))
    assert set(LONG_FLAG.findall(path.read_text())) <= flags_of(*READ) | OURS
    directives = {
        flag for line in text.splitlines() if line.startswith("#SBATCH") for flag in LONG_FLAG.findall(line)
    }
    assert directives <= set(READ["slurm"]["sbatch"])
    if path.suffix == ".sbatch":
        assert {"exclusive", "signal", "time", "nodes"} <= directives
    options = set(re.findall(r"-o (\w+)=", text))
    assert options <= set(READ["openssh"]["options"])


@pytest.mark.parametrize("path", [path for path in SCRIPTS if path.name != "key.sh"], ids=named)
def test_scripts_stop_at_what_goes_wrong(path: Path) -> None:
    assert "set -euo pipefail" in lines_of(path)
    assert ("umask 077" in lines_of(path)) == (path.name != "forward.sh")


@pytest.mark.parametrize("path", SETTINGS, ids=named)
def test_settings_parse_and_know_their_keys(path: Path) -> None:
    """Also what stands there to be uncommented."""
    server = path.parent.name
    given = yaml.safe_load(path.read_text())
    offered = yaml.safe_load(re.sub(r"^# (?=[a-z-]+: \S+$)", "", path.read_text(), flags=re.MULTILINE))
    assert given["host"] == "127.0.0.1"
    assert set(given) < set(offered) <= set(READ[server]["flags"])
    assert {"chat-template", "reasoning-parser"} <= set(offered)


@pytest.mark.parametrize("path", UNITS, ids=named)
def test_units_parse_and_know_their_flags(path: Path) -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(path.read_text())
    assert set(unit) == {"DEFAULT", "Unit", "Service", "Install"}
    start = unit["Service"]["ExecStart"]
    assert start.startswith("/usr/bin/") and "127.0.0.1" in start
    assert set(LONG_FLAG.findall(start)) <= flags_of("vllm")
    assert set(re.findall(r"-o (\w+)=", start)) <= set(READ["openssh"]["options"])


@pytest.mark.parametrize("path", [*SCRIPTS, *SETTINGS, *UNITS], ids=named)
def test_the_versions_are_those_the_flags_were_read_from(path: Path) -> None:
    told = {
        (name.removesuffix(" from").lower(), version) for name, version in VERSION.findall(path.read_text())
    }
    assert told or path.name == "key.sh"
    assert told <= {(program, read.get("version")) for program, read in READ.items()}


@pytest.mark.parametrize("path", [*SCRIPTS, *SETTINGS, *UNITS], ids=named)
def test_no_port_is_open_and_no_key_is_an_argument(path: Path) -> None:
    text = "\n".join(lines_of(path))
    assert "0.0.0.0" not in text and "::" not in text
    assert "--api-key" not in text and "--hf-token" not in text


# Run


RECORD = 'printf "%s\\0" "$PROGRAM" "$@" >"$RECORDS/$PROGRAM-${SLURM_PROCID:-0}-$$"\n'
SERVE = (
    'env >"$RECORDS/being-written-$$"\n'
    'mv "$RECORDS/being-written-$$" "$RECORDS/environment-${SLURM_PROCID:-0}"\nexec sleep 60\n'
)
"""What was called is written down before, so whoever sees the environment sees all of it."""
FAKES = {
    "vllm": "PROGRAM=vllm\n" + RECORD + SERVE,
    "python3": "PROGRAM=sglang\n" + RECORD + SERVE,
    "ssh": "PROGRAM=ssh\n" + RECORD + "exit 255\n",
    "nvidia-smi": "echo one; echo two\n",
    "getent": 'echo "127.0.1.1 STREAM"; echo "10.0.0.${2#n} STREAM"\n',
    "scontrol": "printf 'n1\\nn2\\n' | head -n \"$SLURM_NNODES\"\n",
    "curl": 'test "$(ls "$RECORDS" | grep -c "^environment-")" = "$SLURM_NNODES"\n',
    "srun": (
        'trap "kill \\$(jobs -p)" TERM\nwhile [ "${1#--}" != "$1" ]; do shift; done\n'
        'for rank in $(seq 0 "$((SLURM_NNODES - 1))"); do\n'
        '  SLURM_PROCID="$rank" SLURMD_NODENAME="n$((rank + 1))" "$@" &\ndone\nwait\n'
    ),
}


class Place:
    """A home with a space in its name, and the servers' fakes, which write down what they were given."""

    def __init__(self, base: Path) -> None:
        self.home, self.records, programs = base / "a home", base / "records", base / "programs"
        for folder in (self.home, self.records, programs):
            folder.mkdir()
        for name, body in FAKES.items():
            (programs / name).write_text(f"#!/usr/bin/env bash\n{body}")
            (programs / name).chmod(0o755)
        self.variables = {
            "HOME": str(self.home),
            "PATH": f"{programs}:/usr/bin:/bin",
            "RECORDS": str(self.records),
            "POLL_SECONDS": "0.02",
            "PAUSE": "0.02",
        }
        self.key_file = self.home / ".config" / "docstra-server" / "key"
        self.started: list[subprocess.Popen[str]] = []

    def start(self, script: str, *words: str, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            ["bash", str(DEPLOY / script), *words],
            cwd=self.home,
            env=self.variables | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def asked(self, program: str, rank: int = 0) -> list[list[str]]:
        """What the fake was called with."""
        found = sorted(self.records.glob(f"{program}-{rank}-*"))
        return [path.read_text().split("\0")[1:-1] for path in found]

    def environment(self, rank: int = 0) -> dict[str, str]:
        lines = (self.records / f"environment-{rank}").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def wait_for(self, pattern: str, folder: Path | None = None, count: int = 1) -> None:
        until = time.monotonic() + 20
        while len([path for path in (folder or self.records).glob(pattern) if path.stat().st_size]) < count:
            assert time.monotonic() < until, pattern
            time.sleep(0.01)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    there = Place(tmp_path)
    yield there
    for process in there.started:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.communicate(timeout=20)


def test_vllm_on_two_nodes_of_slurm(place: Place) -> None:
    """Answers are told with the way to them, the key is in no argument, and a TERM ends all of it."""
    job = {
        "SLURM_JOB_ID": "4242",
        "SLURM_NNODES": "2",
        "SLURM_JOB_NODELIST": "n[1-2]",
        "SLURM_GPUS_ON_NODE": "8",
    }
    batch = place.start("slurm/vllm.sbatch", "a model", "--max-model-len", "65536", **job)
    state = place.home / "docstra-server"
    place.wait_for("4242.txt", state)

    common = [
        *("serve", "a model", "--tensor-parallel-size", "8", "--pipeline-parallel-size", "2"),
        *("--enable-prefix-caching", "--enable-prompt-tokens-details", "--disable-uvicorn-access-log"),
        *("--nnodes", "2", "--node-rank"),
    ]
    meeting = ["--master-addr", "10.0.0.1", "--master-port", "26421"]
    end = ["--max-model-len", "65536"]
    assert place.asked("vllm", 0) == [
        [*common, "0", *meeting, "--host", "127.0.0.1", "--port", "26420", *end]
    ]
    assert place.asked("vllm", 1) == [[*common, "1", *meeting, "--headless", *end]]
    key = place.key_file.read_text()
    first, second = place.environment(0), place.environment(1)
    assert re.fullmatch("[0-9a-f]{64}", key) and first["VLLM_API_KEY"] == key and "VLLM_API_KEY" not in second
    assert (first["VLLM_HOST_IP"], second["VLLM_HOST_IP"]) == ("10.0.0.1", "10.0.0.2")
    assert first["VLLM_NO_USAGE_STATS"] == first["HF_HUB_OFFLINE"] == "1"
    assert place.key_file.stat().st_mode & 0o077 == state.stat().st_mode & 0o077 == 0
    told = (state / "4242.txt").read_text()
    assert "-J LOGIN -L 127.0.0.1:26420:127.0.0.1:26420 n1\n" in told and key not in told
    assert "docstra-tui config set remote.cluster.base_url http://127.0.0.1:26420/v1\n" in told

    batch.terminate()
    assert batch.wait(20) == 143
    assert not (state / "4242.txt").exists()


def test_sglang_on_a_node_of_slurm_that_listens_on_its_own_address(place: Place) -> None:
    job = {"SLURM_JOB_ID": "7", "SLURM_NNODES": "1", "SLURM_JOB_NODELIST": "n1", "SLURM_GPUS_ON_NODE": "4"}
    batch = place.start("slurm/sglang.sbatch", "a model", **job, LISTEN="node")
    state = place.home / "docstra-server"
    place.wait_for("7.txt", state)

    config = state / "7.yaml"
    assert place.asked("sglang") == [
        [
            *(
                "-m",
                "sglang.launch_server",
                "--model-path",
                "a model",
                "--tp-size",
                "4",
                "--enable-cache-report",
            ),
            *("--port", "20070", "--config", str(config), "--host", "10.0.0.1"),
        ]
    ]
    assert yaml.safe_load(config.read_text()) == {"api-key": place.key_file.read_text()}
    assert config.stat().st_mode & 0o077 == 0
    assert "-L 127.0.0.1:20070:10.0.0.1:20070 LOGIN\n" in (state / "7.txt").read_text()

    batch.terminate()
    assert batch.wait(20) == 143
    assert not config.exists()


@pytest.mark.parametrize("script", ["slurm/vllm.sbatch", "vllm/node.sh", "sglang/node.sh"])
def test_a_key_that_others_can_read_is_refused(place: Place, script: str) -> None:
    place.key_file.parent.mkdir(parents=True)
    place.key_file.write_text("secret")
    place.key_file.chmod(0o640)

    refused = place.start(script, "model", SLURM_GPUS_ON_NODE="1", NODES="1", RANK="0", HEAD="10.0.0.1")

    said, _ = refused.communicate(timeout=20)
    assert refused.returncode == 1
    assert f"{place.key_file} can be read by others: chmod 600 it" in said
    assert not list(place.records.iterdir())


def test_vllm_on_machines_of_one_s_own(place: Place) -> None:
    for rank, address in (("0", "10.0.0.1"), ("1", "10.0.0.2")):
        variables = {"NODES": "2", "RANK": rank, "HEAD": "10.0.0.1", "IP": address, "SLURM_PROCID": rank}
        place.start("vllm/node.sh", "a model", "--max-model-len", "4096", **variables)
    place.wait_for("environment-*", count=2)

    config = str(DEPLOY / "vllm" / "server.yaml")
    common = [
        "serve",
        "a model",
        "--config",
        config,
        "--tensor-parallel-size",
        "2",
        "--pipeline-parallel-size",
        "2",
    ]
    meeting = ["--master-addr", "10.0.0.1", "--master-port", "29501"]
    end = ["--max-model-len", "4096"]
    (first,), (second,) = place.asked("vllm", 0), place.asked("vllm", 1)
    assert first == [
        *(*common, "--nnodes", "2", "--node-rank", "0", *meeting),
        *("--host", "127.0.0.1", "--port", "8000", *end),
    ]
    assert second == [*common, "--nnodes", "2", "--node-rank", "1", *meeting, "--headless", *end]
    assert place.environment(0)["VLLM_API_KEY"] == place.key_file.read_text()
    assert "VLLM_API_KEY" not in place.environment(1)
    assert place.environment(1)["VLLM_HOST_IP"] == "10.0.0.2"


def test_sglang_on_machines_of_one_s_own(place: Place) -> None:
    place.start("sglang/node.sh", "a model", NODES="2", RANK="0", HEAD="10.0.0.1", GPUS="8")
    place.wait_for("environment-*")

    config = place.key_file.parent / "sglang.yaml"
    assert place.asked("sglang") == [
        [
            *(
                "-m",
                "sglang.launch_server",
                "--config",
                str(config),
                "--model-path",
                "a model",
                "--tp-size",
                "8",
            ),
            *(
                "--host",
                "127.0.0.1",
                "--port",
                "30000",
                "--pp-size",
                "2",
                "--nnodes",
                "2",
                "--node-rank",
                "0",
            ),
            *("--dist-init-addr", "10.0.0.1:29501"),
        ]
    ]
    settings = yaml.safe_load((DEPLOY / "sglang" / "server.yaml").read_text())
    assert yaml.safe_load(config.read_text()) == {**settings, "api-key": place.key_file.read_text()}
    assert config.stat().st_mode & 0o077 == 0


def test_a_way_that_broke_is_opened_again_until_it_is_ended(place: Place) -> None:
    forward = place.start("shared/forward.sh", "gpu-box", "/run/vllm.sock")
    place.wait_for("ssh-*", count=2)

    forward.terminate()
    assert forward.wait(20) == 0
    assert place.asked("ssh")[0][-3:] == ["-L", "127.0.0.1:18000:/run/vllm.sock", "gpu-box"]
