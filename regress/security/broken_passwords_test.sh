#!/bin/bash
# regress/security/broken_passwords_test.sh - however a password's line is broken, no message has
# the password
# labels: quick
set -u
work=$(mktemp -d "${TMPDIR:-/tmp}/broken-passwords.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0 passed=0

# One program reads the resource with this line in it.
try() { # program, what stands before, line
	printf '%b\n' "$2" "$3" "}" >"$work/conf"
	chmod 600 "$work/conf"
	"$TERCET_BIN/$1" -t -v -c "$work/conf" >"$work/out" 2>&1
	if grep -n 'CANARY' "$work/out"; then
		echo "not ok - $1: $3"
		failed=$((failed + 1))
	else
		passed=$((passed + 1))
	fi
}

while IFS= read -r line; do
	try tercet-fd 'Client { Name = f; Working Directory = "/tmp" }\nDirector {\n  Name = d' "$line"
	try tercet-sd 'Storage { Name = s; Working Directory = "/tmp" }\nDirector {\n  Name = d' "$line"
	try tercet-dir 'Director {\n  Name = d' "$line"
	try tercet-dir 'Storage {\n  Name = d' "$line"
	try tercet-dir 'Client { Name = c' "; $line"
	try tconsole 'Director {\n  Name = d' "$line"
done <<'X'
  Password = "CANARY
  Passwrod = "CANARY"
  Pasword = CANARY
  Password "CANARY"
  Password CANARY
  PassWord : CANARY
  Password: CANARY
  Pass = CANARY
  Secret = CANARY
  Pass Word = CANARY
  Password = CANARY#x
  Password = "CANARY" rest
  Password = rest "CANARY"
  Password = CANARY CANARY2
  Password = "CANARY"; Foo = 1
  Foo = 1; Password = "CANARY"
  Foo = { Password = "CANARY" }
  Password = "a"\n Password = "CANARY"
  Password = [md5]CANARY
  Password = "[md5]CANARY"
  Password = { CANARY }
  Password = "x", "CANARY"
  Password = "ab"CANARY
  Password = "ab" = CANARY
  Password = CANARY = 1
  Password = "CANARY\\" rest
  Key Encryption Key = CANARY; Foo = 1
  DB Password CANARY; DbPassword = CANARY; Foo
X
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
