#!/usr/bin/env bash
# The way to a server behind ssh, for as long as this runs; it comes back after a broken link.
#
#   deploy/shared/forward.sh gpu-box                     127.0.0.1:18000 here is 127.0.0.1:8000 there
#   deploy/shared/forward.sh gpu-box 127.0.0.1:30000     another port there
#   deploy/shared/forward.sh gpu-box /run/vllm.sock      a Unix socket there (vllm serve --uds /run/vllm.sock)
#   PORT=18001 deploy/shared/forward.sh other-box        another port here
#
# Then, in another terminal: docstra-tui --base-url http://127.0.0.1:18000/v1
# Options were read from OpenSSH 9.2.
set -euo pipefail

host="${1:?which host? $0 HOST [ADDRESS:PORT|SOCKET]}"
to="${2:-127.0.0.1:8000}"
port="${PORT:-18000}"
pause="${PAUSE:-5}"

link=""
trap 'kill "$link" 2>/dev/null || true; exit 0' INT TERM

echo "http://127.0.0.1:$port/v1 is $to of $host; Ctrl+C ends it"
while true; do
  ssh -N -T -o ExitOnForwardFailure=yes -o ServerAliveInterval=15 -o ServerAliveCountMax=3 \
    -L "127.0.0.1:$port:$to" "$host" &
  link=$!
  wait "$link" || true
  echo "No link to $host; again in $pause seconds" >&2
  sleep "$pause"
done
