#include "director/shell/input.h"

#include "lib/base/mem.h"
#include "lib/base/own.h"
#include "lib/base/sync.h"
#include "lib/base/thread.h"

#define LINES_MAX                                                                                  \
	64 /* lines sent ahead; the reader waits with the next, and so does the console            \
	    */

struct said {
	enum frame_signal signal;
	char *data; /* owned, or NULL */
	size_t n;
};

struct input {
	struct shell_io console; /* its arg is borrowed */
	struct shell_io io;      /* as the session sees it */
	struct thread reader;
	struct cancel cancel;
	struct said taken; /* the session's: what its last recv got */

	struct mutex lock;
	struct cond changed;                           /* n_said, over, leaving */
	struct said said[LINES_MAX] GUARDED_BY(&lock); /* a ring */
	size_t first GUARDED_BY(&lock), n_said GUARDED_BY(&lock);
	bool busy GUARDED_BY(&lock);    /* a command runs */
	bool waiting GUARDED_BY(&lock); /* the session waits for what comes next */
	bool broke GUARDED_BY(&lock);   /* a BREAK came for it */
	bool over GUARDED_BY(&lock);    /* the reader ended, for the reason in end */
	bool leaving GUARDED_BY(&lock); /* the session takes no more */
	struct err end GUARDED_BY(&lock);
};

/* ---- the reader ---- */

static void
push_locked(struct input *in, const struct frame *f) REQUIRES(&in->lock)
{
	while (in->n_said == LINES_MAX && !in->leaving)
		cond_wait(&in->changed, &in->lock);
	if (in->leaving)
		return;
	struct said *s = &in->said[(in->first + in->n_said++) % LINES_MAX];
	*s = (struct said){ .signal = f->signal, .n = f->data.n };
	if (f->signal == FRAME_DATA)
		s->data = str_ndup((const char *)f->data.p, f->data.n);
	cond_broadcast(&in->changed);
}

/* A BREAK that nobody noticed: what it was for had ended when it came. */
static void
forget_break_locked(struct input *in) REQUIRES(&in->lock)
{
	if (in->broke && !in->over)
		cancel_reset(&in->cancel);
	in->broke = false;
}

/*
 * A BREAK is for the command that runs or for the line before it, which may not have been taken
 * yet; with neither it is the answer to a question, and the session takes it like a line.
 */
static void
hear_locked(struct input *in, const struct frame *f) REQUIRES(&in->lock)
{
	bool idle = in->waiting && in->n_said == 0;

	if (f->signal == FRAME_BREAK && !idle) {
		in->broke = true;
		cancel_now(&in->cancel);
		return;
	}
	if (!in->busy && in->n_said == 0)
		forget_break_locked(in);
	if (f->signal != FRAME_HEARTBEAT)
		push_locked(in, f);
}

static void
hear(struct input *in, const struct frame *f)
{
	mutex_lock(&in->lock);
	hear_locked(in, f);
	mutex_unlock(&in->lock);
}

static void
read_console(void *arg)
{
	struct input *in = (struct input *)arg;
	struct err err = ERR_INIT;
	struct frame f;

	do {
		if (in->console.recv(in->console.arg, &f, &err) != ERR_OK)
			break;
		hear(in, &f);
	} while (f.signal != FRAME_TERMINATE);
	if (err.code == ERR_OK)
		(void)err_set(&err, ERR_EOF, "the console left");
	mutex_lock(&in->lock);
	in->over = true;
	in->end = err;
	cancel_now(&in->cancel);
	cond_broadcast(&in->changed);
	mutex_unlock(&in->lock);
}

/* ---- the session's side ---- */

/* ERR_OK: *out is the oldest; waits for one, flushing first. */
static enum err_code
pop_locked(struct input *in, struct said *out, struct err *err) REQUIRES(&in->lock)
{
	while (in->n_said == 0 && !in->over)
		cond_wait(&in->changed, &in->lock);
	if (in->n_said == 0) {
		*err = in->end;
		return err->code;
	}
	*out = in->said[in->first];
	in->first = (in->first + 1) % LINES_MAX;
	in->n_said--;
	cond_broadcast(&in->changed);
	return ERR_OK;
}

/* The command asked something, and the BREAK came before it waits here: that is the answer. */
static bool
is_answered_locked(const struct input *in) REQUIRES(&in->lock)
{
	return in->busy && in->broke && in->n_said == 0 && !in->over;
}

static enum err_code
take_locked(struct input *in, struct err *err) REQUIRES(&in->lock)
{
	bool answered = is_answered_locked(in);

	if (answered || (!in->busy && in->n_said == 0))
		forget_break_locked(in);
	if (answered) {
		in->taken = (struct said){ .signal = FRAME_BREAK };
		return ERR_OK;
	}
	in->waiting = true;
	enum err_code rc = pop_locked(in, &in->taken, err);
	in->waiting = false;
	return rc;
}

static enum err_code
io_recv(void *arg, struct frame *out, struct err *err)
{
	struct input *in = (struct input *)arg;

	free(in->taken.data);
	in->taken.data = NULL;
	if (in->console.flush(in->console.arg, err) != ERR_OK)
		return err->code;
	mutex_lock(&in->lock);
	enum err_code rc = take_locked(in, err);
	mutex_unlock(&in->lock);
	if (rc == ERR_OK)
		*out = (struct frame){ in->taken.signal, bytes_of(in->taken.data, in->taken.n) };
	return rc;
}

static enum err_code
io_send(void *arg, struct bytes data, struct err *err)
{
	struct input *in = (struct input *)arg;

	return in->console.send(in->console.arg, data, err);
}

static enum err_code
io_signal(void *arg, enum frame_signal s, struct err *err)
{
	struct input *in = (struct input *)arg;

	return in->console.signal(in->console.arg, s, err);
}

static enum err_code
io_flush(void *arg, struct err *err)
{
	struct input *in = (struct input *)arg;

	return in->console.flush(in->console.arg, err);
}

static void
io_hang_up(void *arg)
{
	struct input *in = (struct input *)arg;

	in->console.hang_up(in->console.arg);
}

/* Before the reader runs: nobody else is there. */
enum err_code
input_new(const struct shell_io *console, struct input **out, struct err *err) NO_ANALYSIS
{
	struct input *in = NEW(struct input);

	if (cancel_init(&in->cancel, err) != ERR_OK) {
		free(in);
		return err->code;
	}
	in->console = *console;
	in->io = (struct shell_io){ in, io_recv, io_send, io_signal, io_flush, io_hang_up };
	mutex_init(&in->lock, RANK_LEAF);
	cond_init(&in->changed);
	if (thread_start(&in->reader, "console-input", read_console, in, err) != ERR_OK) {
		input_free(in);
		return err->code;
	}
	*out = in;
	return ERR_OK;
}

static bool
leave(struct input *in)
{
	mutex_lock(&in->lock);
	bool over = in->over;
	in->leaving = true;
	cond_broadcast(&in->changed);
	mutex_unlock(&in->lock);
	return over;
}

/* Behind the join nobody else is there. */
void
input_free(struct input *in) NO_ANALYSIS
{
	if (in == NULL)
		return;
	if (!leave(in) && in->reader.running)
		in->console.hang_up(in->console.arg);
	thread_join(&in->reader);
	for (; in->n_said > 0; in->n_said--) {
		free(in->said[in->first].data);
		in->first = (in->first + 1) % LINES_MAX;
	}
	free(in->taken.data);
	cond_release(&in->changed);
	mutex_release(&in->lock);
	cancel_release(&in->cancel);
	free(in);
}

void
input_freep(struct input **in)
{
	input_free(*in);
}

const struct shell_io *
input_io(const struct input *in)
{
	return &in->io;
}

struct cancel *
input_cancel(struct input *in)
{
	return &in->cancel;
}

void
input_command_begin(struct input *in)
{
	mutex_lock(&in->lock);
	in->busy = true;
	mutex_unlock(&in->lock);
}

bool
input_command_end(struct input *in)
{
	mutex_lock(&in->lock);
	bool broke = in->broke;
	in->busy = false;
	forget_break_locked(in);
	mutex_unlock(&in->lock);
	return broke;
}
