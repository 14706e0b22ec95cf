#!/usr/bin/env bash
# pause-and-copy.sh DATA TO: copies the data folder of `errand serve`, embedded database included, without ending it.
#
# The process stands still while its files are copied (seconds; less where the file system makes reflinks). What the copy
# holds is what a power cut would have left, from which the database recovers. Longer than a step's lease (10 s) costs
# nothing either: the steps in hand begin their attempt anew.
set -euo pipefail
[ $# -eq 2 ] || { echo 'error: usage: pause-and-copy.sh DATA TO' >&2; exit 64; }
[ ! -e "$2" ] || { echo "error: $2 is there already. Name a folder that is not." >&2; exit 73; }

pid=
[ ! -f "$1/local.json" ] || pid=$(sed -n 's/.*"pid": *\([0-9][0-9]*\).*/\1/p' "$1/local.json")
[ -n "$pid" ] || { echo "error: no errand serve runs on $1. Copy the folder as it is." >&2; exit 69; }
trap 'kill -CONT "$pid"' EXIT
kill -STOP "$pid"
cp -a --reflink=auto "$1" "$2"
rm -f "$2/local.json"
