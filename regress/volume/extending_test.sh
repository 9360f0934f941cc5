#!/usr/bin/env bash
# regress/volume/extending_test.sh - the worked example of docs/extending.md is true
#
# The patch in the page applies to a copy of the libraries, has at most 40 changed lines, and the
# codecs' unit test, which walks the table, passes with the new row.
set -euo pipefail

: "${TERCET_SOURCE:=$(cd "$(dirname "$0")/../.." && pwd)}"
work=$(mktemp -d /tmp/tercet-extending-XXXXXX)
trap 'rm -rf "$work"' EXIT

# shellcheck disable=SC2016 # the backquotes are the page's
sed -n '/^```diff$/,/^```$/p' "$TERCET_SOURCE/docs/extending.md" | sed '1d; $d' >"$work/change.diff"
changed=$(grep -cE '^[-+]([^-+]|$)' "$work/change.diff")
echo "$changed changed lines"
[ "$changed" -gt 10 ] && [ "$changed" -le 40 ]

mkdir -p "$work/lib"
cp -r "$TERCET_SOURCE"/lib/{base,compress,proto} "$work/lib/"
cd "$work"
patch --quiet -p1 -i change.diff
mapfile -t sources < <(find lib/base lib/compress -name '*.c' ! -name '*_test.c')
cc -std=gnu17 -O1 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 '-DTERCET_VERSION="test"' -Wall -Wextra -Werror \
	-Wno-unused-parameter -I. lib/compress/codec_test.c "${sources[@]}" lib/proto/compression.c -o codec_test \
	-lcmocka -ldeflate -lz -llz4 -llzo2 -lzstd -lxxhash -lpthread
./codec_test
