# regress/lib/elsewhere.bash - programs on a machine with other names and another system log (elsewhere.c)
#
# After farm.bash: farm_make, elsewhere_make.
# shellcheck shell=bash

elsewhere_make() {
	ELSEWHERE=$FARM/elsewhere.so
	cc -shared -fPIC -O2 -o "$ELSEWHERE" "$TERCET_SOURCE/regress/lib/elsewhere.c"
	export ELSEWHERE
}

# elsewhere ADDRESSES COMMAND...: the host here.test has these, but no name server answers while there
# is $FARM/no-names; the system log is $FARM/syslog.
elsewhere() {
	local addresses=$1
	shift
	HERE_TEST=$addresses NO_NAMES=$FARM/no-names SYSTEM_LOG=$FARM/syslog LD_PRELOAD=$ELSEWHERE \
		ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" "$@"
}
