#!/usr/bin/env bash
# copy-files.sh FROM TO: copies a storage's folder, or a data folder, while Errand works on it.
#
# After the database has been copied, never before: what the database names was stored before it was named. Within the
# folder the refs of courses go first, for the same reason: what a ref names was stored before it.
set -euo pipefail
[ $# -eq 2 ] || { echo 'error: usage: copy-files.sh FROM TO' >&2; exit 64; }
[ -d "$1" ] || { echo "error: there is no folder $1." >&2; exit 66; }
mkdir -p "$2"

# Files come and go meanwhile: tar says so with 1, and copies the rest. Anything above that is an error.
pack() { tar -C "$from" -cf - "$@" || [ $? -eq 1 ]; }
from=$1
list=$(mktemp)
trap 'rm -f "$list"' EXIT
(cd "$from" && find . -type d -name refs -prune -print0) >"$list"
if [ -s "$list" ]; then pack --null --files-from="$list" | tar -C "$2" -xpf -; fi
# The embedded database is never copied from under a process that writes it: pause-and-copy.sh does that.
pack --exclude=./database --exclude='*/refs' . | tar -C "$2" -xpf -
