#!/usr/bin/env bats
# regress/security/certificates.bats - every link with certificates, both sides verified

load ../lib/farm

cert() { # name, common name: signed by $FARM/ca.pem
	openssl req -newkey rsa:2048 -nodes -keyout "$FARM/$1.key" -out "$FARM/$1.csr" -subj "/CN=$2" 2>/dev/null
	printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\n' >"$FARM/$1.ext"
	openssl x509 -req -in "$FARM/$1.csr" -CA "$FARM/${3:-ca}.pem" -CAkey "$FARM/${3:-ca}.key" -CAcreateserial \
		-days 2 -extfile "$FARM/$1.ext" -out "$FARM/$1.pem" 2>/dev/null
}

authority() {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$FARM/$1.key" -out "$FARM/$1.pem" -days 2 \
		-subj "/CN=$1" 2>/dev/null
}

# with_tls FILE RESOURCE NAME: that resource shows certificate NAME and verifies its peers.
with_tls() {
	farm_conf "$1" "/^$2 {/a\\
  TLS CA Certificate File = \"$FARM/ca.pem\"\\
  TLS Certificate = \"$FARM/$3.pem\"\\
  TLS Key = \"$FARM/$3.key\"\\
  TLS Verify Peer = yes"
}

setup_file() {
	farm_make
	authority ca
	authority other
	for n in dir sd fd con; do cert $n $n; done
	cert stranger stranger other
	with_tls dir Director dir
	with_tls dir Client dir
	with_tls dir Storage dir
	with_tls sd Storage sd
	with_tls fd Client fd
	with_tls tconsole Director con
	tree make "$FARM/src" --seed 5 --files 50
	farm_up
}

teardown_file() {
	farm_stop
}

@test "a backup and a restore run over certificates" {
	farm_run Backup Full
	farm_ok
	farm_joblog "$JOB" | grep -q 'TLSv1.3'
	farm_restore "$JOB" "$FARM/out"
	tree diff "$FARM/src" "$FARM/out$FARM/src"
}

@test "a console with a certificate of another authority is refused" {
	sed "s,con\.pem,stranger.pem,; s,con\.key,stranger.key," "$FARM/site/etc/tconsole.conf" >"$FARM/stranger.conf"
	run "$TERCET_BIN/tconsole" -c "$FARM/stranger.conf" <<<"list jobs"
	[ "$status" -eq 1 ]
	farm_console "version" | grep -q 'farm-dir'
}

@test "a console without a certificate is refused when the director verifies" {
	grep -v 'TLS' "$FARM/site/etc/tconsole.conf" >"$FARM/none.conf"
	run "$TERCET_BIN/tconsole" -c "$FARM/none.conf" <<<"list jobs"
	[ "$status" -eq 1 ]
}
