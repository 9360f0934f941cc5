#include "lib/proto/job_code.h"

#include <stddef.h>

struct status_row {
	int letter;
	int rank;
	const char *word, *text;
	const char *end; /* NULL: a job does not end with it */
};

static const struct status_row statuses[] = {
#define X(name, letter, rank, word, text, end) { letter, rank, word, text, end },
	JOB_STATUSES(X)
#undef X
};

static const struct status_row *
find_status(int letter)
{
	for (unsigned i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].letter == letter)
			return &statuses[i];
	return NULL;
}

const char *
job_type_text(int letter)
{
	switch ((enum job_type)letter) {
#define X(name, wire, text)                                                                        \
	case name:                                                                                 \
		return text;
		JOB_TYPES(X)
#undef X
	}
	return "Unknown Job Type";
}

const char *
job_level_text(int letter)
{
	switch ((enum job_level)letter) {
#define X(name, wire, text)                                                                        \
	case name:                                                                                 \
		return text;
		JOB_LEVELS(X)
#undef X
	}
	return "Unknown Job Level";
}

const char *
job_status_word(int letter)
{
	const struct status_row *row = find_status(letter);

	return row != NULL ? row->word : "Unknown term code";
}

const char *
job_status_end(int letter)
{
	const struct status_row *row = find_status(letter);

	return row != NULL && row->end != NULL ? row->end : "Unknown term code";
}

const char *
job_status_text(int letter)
{
	const struct status_row *row = find_status(letter);

	return row != NULL ? row->text : "Unknown status";
}

int
job_status_rank(int letter)
{
	const struct status_row *row = find_status(letter);

	return row != NULL ? row->rank : 0;
}

int
job_status_merge(int old, int wanted)
{
	int had = job_status_rank(old), wants = job_status_rank(wanted);

	return wants > had || (wants == 0 && had == 0) ? wanted : old;
}

bool
job_status_is_ok(int letter)
{
	return letter == STATUS_OK || letter == STATUS_WARNINGS;
}

bool
job_status_is_final(int letter)
{
	return job_status_is_ok(letter) || job_status_rank(letter) > 0;
}

bool
job_status_is_canceled(int letter)
{
	return letter == STATUS_CANCELED || letter == STATUS_ERROR || letter == STATUS_FATAL;
}
