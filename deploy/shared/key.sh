# The key that a server asks for, read by the scripts beside this folder: `key="$(server_key FILE)"`.

# Makes FILE when it is missing; refuses one that others can read.
server_key() {
  local file="$1" mode
  if [ ! -s "$file" ]; then
    (
      umask 077
      mkdir -p -- "$(dirname -- "$file")"
      head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$file"
    )
  fi
  mode="$(stat -c %a -- "$file")"
  if [ "${mode%00}" = "$mode" ]; then
    echo "$file can be read by others: chmod 600 it, or make another key." >&2
    return 1
  fi
  cat -- "$file"
}
