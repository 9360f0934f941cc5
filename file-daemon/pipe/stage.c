#include "file-daemon/pipe/stage.h"

#include "lib/base/clock.h"

static const char *const names[] = {
#define X(name, text) text,
	STAGES(X)
#undef X
};

int64_t
stage_busy(struct stages *s, enum stage stage, int64_t since_ns)
{
	int64_t now = clock_mono_ns();

	if (s != NULL)
		atomic_fetch_add_explicit(&s->v[stage].busy_ns, (uint64_t)(now - since_ns),
					  memory_order_relaxed);
	return now;
}

int64_t
stage_waited(struct stages *s, enum stage stage, int64_t since_ns)
{
	int64_t now = clock_mono_ns();

	if (s != NULL)
		atomic_fetch_add_explicit(&s->v[stage].waited_ns, (uint64_t)(now - since_ns),
					  memory_order_relaxed);
	return now;
}

void
stage_split(struct stages *s, enum stage stage, int64_t wall_ns, int64_t cpu_ns)
{
	int64_t wall, cpu;

	if (s == NULL)
		return;
	cpu = clock_thread_ns() - cpu_ns;
	wall = clock_mono_ns() - wall_ns;
	atomic_fetch_add_explicit(&s->v[stage].busy_ns, (uint64_t)cpu, memory_order_relaxed);
	if (wall > cpu)
		atomic_fetch_add_explicit(&s->v[stage].waited_ns, (uint64_t)(wall - cpu),
					  memory_order_relaxed);
}

void
stage_text(struct stages *s, struct buf *out)
{
	const char *between = "";

	for (size_t i = 0; i < STAGE_COUNT; i++) {
		uint64_t busy = atomic_load_explicit(&s->v[i].busy_ns, memory_order_relaxed);
		uint64_t waited = atomic_load_explicit(&s->v[i].waited_ns, memory_order_relaxed);

		if (busy == 0)
			continue;
		buf_text(out, "%s%s %.2f s (waited %.2f)", between, names[i], (double)busy / 1e9,
			 (double)waited / 1e9);
		between = ", ";
	}
}
