#!/usr/bin/env bash
# vLLM over several machines that no scheduler hands out: run this on each of them, in any order.
#
#   NODES=2 RANK=0 HEAD=10.0.0.1 deploy/vllm/node.sh MODEL [FLAG…]               on 10.0.0.1, which answers
#   NODES=2 RANK=1 HEAD=10.0.0.1 IP=10.0.0.2 deploy/vllm/node.sh MODEL [FLAG…]   on the next one, and so on
#
# Each machine needs the same vLLM, and the model under the same name. Tensor parallel are the GPUs of a machine, pipeline
# parallel the machines. What goes between them is neither encrypted nor checked: HEAD is on a network of your own.
#
#   GPUS=8            GPUs of each machine; counted when it is left out
#   MASTER_PORT=29501 where they meet on HEAD; vLLM opens further ports between the machines
#   PORT=8000         on loopback of the first one: come by ssh (deploy/shared/forward.sh)
#   KEY_FILE          ~/.config/docstra-server/key, made when it is missing
#
# Flags were read from vLLM 0.33.0.
set -euo pipefail
umask 077

here="$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)"
. "$here/../shared/key.sh"

model="${1:?which model? NODES=2 RANK=0 HEAD=10.0.0.1 $0 MODEL}"
shift
nodes="${NODES:?how many machines? NODES=2}"
rank="${RANK:?which of them is this? RANK=0 is the one that answers}"
head="${HEAD:?where is the first one? HEAD=10.0.0.1}"
gpus="${GPUS:-$(nvidia-smi --list-gpus | wc -l)}"

flags=(
  --config "$here/server.yaml"
  --tensor-parallel-size "$gpus"
  --pipeline-parallel-size "$nodes"
  --nnodes "$nodes"
  --node-rank "$rank"
  --master-addr "$head"
  --master-port "${MASTER_PORT:-29501}"
)
if [ "$rank" -eq 0 ]; then
  VLLM_API_KEY="$(server_key "${KEY_FILE:-$HOME/.config/docstra-server/key}")"
  export VLLM_API_KEY VLLM_HOST_IP="${IP:-$head}"
  flags+=(--host 127.0.0.1 --port "${PORT:-8000}")
else
  export VLLM_HOST_IP="${IP:?what is the address of this machine? IP=10.0.0.2}"
  flags+=(--headless)
fi

# vLLM tells its makers what it runs on unless it is told not to.
export VLLM_NO_USAGE_STATS=1 DO_NOT_TRACK=1
exec vllm serve "$model" "${flags[@]}" "$@"
