#!/usr/bin/env bash
# SGLang on one machine, or on each of several that no scheduler hands out, in any order.
#
#   deploy/sglang/node.sh MODEL [FLAG…]                                            one machine
#   NODES=2 RANK=0 HEAD=10.0.0.1 deploy/sglang/node.sh MODEL [FLAG…]               on 10.0.0.1, which answers
#   NODES=2 RANK=1 HEAD=10.0.0.1 IP=10.0.0.2 deploy/sglang/node.sh MODEL [FLAG…]   on the next one, and so on
#
# Each machine needs the same SGLang, and the model under the same name. Tensor parallel are the GPUs of a machine,
# pipeline parallel the machines. What goes between them is neither encrypted nor checked: HEAD is on a network of your own.
#
#   GPUS=8           GPUs of each machine; counted when it is left out
#   DIST_PORT=29501  where they meet on HEAD; the few ports above it are taken too
#   PORT=30000       on loopback of the first one: come by ssh (deploy/shared/forward.sh)
#   KEY_FILE         ~/.config/docstra-server/key, made when it is missing
#
# SGLang writes all its settings into what it prints, the key too: keep that where only you can read it.
# Flags were read from SGLang 0.5.23.
set -euo pipefail
umask 077

here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
. "$here/../shared/key.sh"

model="${1:?which model? $0 MODEL}"
shift
nodes="${NODES:-1}"
rank="${RANK:-0}"
gpus="${GPUS:-$(nvidia-smi --list-gpus | wc -l)}"
config="$here/server.yaml"

flags=(
  --tp-size "$gpus"
  --host 127.0.0.1
  --port "${PORT:-30000}"
)
if [ "$nodes" -gt 1 ]; then
  head="${HEAD:?where is the first one? HEAD=10.0.0.1}"
  if [ "$rank" -eq 0 ]; then
    export SGLANG_HOST_IP="${IP:-$head}"
  else
    export SGLANG_HOST_IP="${IP:?what is the address of this machine? IP=10.0.0.2}"
  fi
  flags+=(
    --pp-size "$nodes"
    --nnodes "$nodes"
    --node-rank "$rank"
    --dist-init-addr "$head:${DIST_PORT:-29501}"
  )
fi
if [ "$rank" -eq 0 ]; then
  # Never an argument, which every process list shows.
  key_file="${KEY_FILE:-$HOME/.config/docstra-server/key}"
  key="$(server_key "$key_file")"
  config="$(dirname -- "$key_file")/sglang.yaml"
  rm -f -- "$config"
  { cat -- "$here/server.yaml"; printf 'api-key: "%s"\n' "$key"; } >"$config"
fi

exec python3 -m sglang.launch_server --config "$config" --model-path "$model" "${flags[@]}" "$@"
