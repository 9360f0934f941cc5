# regress/lib/clock.bash - daemons whose clocks a test sets (clock_step.c)
#
# After farm.bash: farm_make, clock_make, clock_up.
# shellcheck shell=bash

clock_make() {
	export CLOCK_STEP=$FARM/step CLOCK_AHEAD=$FARM/ahead CLOCK_PRELOAD=$FARM/clock_step.so
	cc -shared -fPIC -O2 -o "$CLOCK_PRELOAD" "$TERCET_SOURCE/regress/lib/clock_step.c"
	clock_step 0
	clock_ahead 0
}

# The daemons with our clocks; without the sanitizer's wish to be loaded first.
clock_up() {
	ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" LD_PRELOAD=$CLOCK_PRELOAD farm_up
}

# The time of day is so many seconds off the machine's.
clock_step() {
	echo "$1" >"$FARM/step.new"
	mv "$FARM/step.new" "$FARM/step"
}

# So many seconds have passed at once, whatever the time of day.
clock_ahead() {
	echo "$1" >"$FARM/ahead.new"
	mv "$FARM/ahead.new" "$FARM/ahead"
}
