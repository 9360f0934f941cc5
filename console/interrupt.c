/*
 * Mutable file state: a signal handler takes no argument, so what it sets is remembered here.
 */
#include "console/interrupt.h"

#include <signal.h>

static struct cancel asked = { .event = -1 };
static bool caught;

static void
on_interrupt(UNUSED int number)
{
	int saved = errno;

	cancel_now(&asked);
	errno = saved;
}

enum err_code
interrupt_catch(struct err *err)
{
	/* No SA_RESTART: a wait that takes no cancel ends with EINTR. */
	struct sigaction action = { .sa_handler = on_interrupt };

	if (!caught && cancel_init(&asked, err) != ERR_OK)
		return err->code;
	caught = true;
	if (sigaction(SIGINT, &action, NULL) != 0)
		return err_errno(err, ERR_SYS, "SIGINT");
	return ERR_OK;
}

struct cancel *
interrupt_cancel(void)
{
	return caught ? &asked : NULL;
}

bool
interrupt_take(void)
{
	if (!caught || !cancel_asked(&asked))
		return false;
	cancel_reset(&asked);
	return true;
}
