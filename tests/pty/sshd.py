"""A real sshd on loopback: for this user, with a key that it makes, on a port that is free."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SECONDS = 10.0
"""Longest wait until it listens."""
CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
UseDNS no
PasswordAuthentication no
PermitRootLogin prohibit-password
PrintMotd no
PrintLastLog no
SetEnv SHLVL=1
"""
"""The last line keeps Bash from reading the .bashrc of whoever runs this, at each login."""


@dataclass(frozen=True)
class Sshd:
    """One that listens."""

    folder: Path
    port: int

    def command(self, words: Sequence[str], env: Mapping[str, str]) -> list[str]:
        """What logs in, with a terminal, and runs `words` there."""
        told = [f"{name}={value}" for name, value in env.items()]
        far = shlex.join(["env", "-C", os.getcwd(), *told, *words])
        options = (
            "StrictHostKeyChecking=no",
            f"UserKnownHostsFile={self.folder}/known",
            "LogLevel=ERROR",
            "KexAlgorithms=curve25519-sha256",  # the quickest
            "PreferredAuthentications=publickey",
        )
        said = [word for option in options for word in ("-o", option)]
        return [
            "ssh",
            "-tt",
            "-F",
            "none",
            *said,
            "-i",
            f"{self.folder}/user",
            "-p",
            str(self.port),
            "127.0.0.1",
            far,
        ]


@contextmanager
def sshd(folder: Path) -> Iterator[Sshd]:
    """Start one and end it; skips where none is installed, but never in CI, whose script installs it."""
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        assert "CI" not in os.environ, ".ci/run installs sshd"
        pytest.skip("sshd is not installed (Debian: openssh-server)")
    folder.mkdir(mode=0o700)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it locks up what is not logged in yet
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    (folder / "config").write_text(CONFIG.format(port=port, folder=folder))
    log = folder / "log"
    process = subprocess.Popen([program, "-D", "-f", str(folder / "config"), "-E", str(log)])
    try:
        _wait_for(port, process, log)
        yield Sshd(folder, port)
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"sshd does not listen:\n{log.read_text() if log.exists() else ''}")
