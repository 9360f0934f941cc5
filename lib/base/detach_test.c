/* lib/base/detach_test.c - who waits for a daemon in the background is interrupted; this program is
 * the daemon, too */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/base/detach.h"
#include "lib/base/fd.h"
#include "lib/base/own.h"
#include "lib/base/thread.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENT  "it waits\n"
#define LEFT     "it has left\n"
#define LEAVE_MS 300 /* one that leaves does so at once */

static bool
is_asked_to_stop(void)
{
	const struct timespec limit = { .tv_sec = 30 };
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	return sigtimedwait(&set, NULL, &limit) == SIGTERM;
}

/* Has who waits for it interrupted, and notes in the file whether it goes on waiting. */
static int
be_daemon(const char *note)
{
	struct pollfd waiting = { .fd = STDOUT_FILENO }; /* an error when nobody reads any more */
	struct err err = ERR_INIT;
	const char *text;

	thread_block_signals();
	(void)kill(getppid(), SIGINT);
	if (!is_asked_to_stop())
		return 1;
	text = poll(&waiting, 1, LEAVE_MS) == 0 ? PATIENT : LEFT;
	if (fd_replace_file(note, bytes_str(text), 0600, &err) != ERR_OK)
		return 1;
	detach_ready();
	return 0;
}

/* As of a pipe to a program that the same Ctrl-C has ended. */
static int
lose_stderr(void)
{
	int fd[2], before = dup(STDERR_FILENO);

	assert_int_equal(pipe(fd), 0);
	(void)close(fd[0]);
	assert_int_equal(dup2(fd[1], STDERR_FILENO), STDERR_FILENO);
	(void)close(fd[1]);
	return before;
}

static void
the_first_interrupt_ends_no_waiting(void **state)
{
	char note[] = "/tmp/tercet-detach-XXXXXX", self[] = "detach_test";
	char *argv[] = { self, note, NULL };
	OWNED(buf_release) struct buf text = BUF_INIT(100);
	struct err err = ERR_INIT;
	int before, rc, fd = mkstemp(note);

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	thread_block_signals();
	before = lose_stderr();
	rc = detach_run(2, argv);
	assert_int_equal(dup2(before, STDERR_FILENO), STDERR_FILENO);
	(void)close(before);
	assert_int_equal(fd_read_file(note, &text, &err), ERR_OK);
	(void)unlink(note);
	assert_string_equal(buf_str(&text), PATIENT);
	assert_int_equal(rc, 1);
}

int
main(int argc, char **argv)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_interrupt_ends_no_waiting),
	};

	if (argc == 3 && strcmp(argv[1], "-f") == 0)
		return be_daemon(argv[2]);
	(void)sigaction(SIGPIPE, &ignore,
			NULL); /* cmocka lets no signal be blocked behind a test */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
