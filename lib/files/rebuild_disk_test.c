/*
 * Targets that take content in pieces or not at all, and names that others change in the moment in
 * which they are made: the system calls are ours.
 */
#include "lib/files/rebuild_check.h"

#include <sys/sysmacros.h>
#include <sys/syscall.h>

#define LARGE 40000u /* more than waits for its file's end */

static struct {
	size_t most;          /* bytes that one write takes; 0: all */
	unsigned interrupted; /* so many of the next writes */
	int write_error, close_error;
	int written; /* the descriptor last written to */
	void (*made)(int dir, const char *name);
} target;

static int
answer(int error)
{
	errno = error;
	return -1;
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t at)
{
	target.written = fd;
	if (target.interrupted > 0) {
		target.interrupted--;
		return answer(EINTR);
	}
	if (target.write_error != 0)
		return answer(target.write_error);
	return syscall(SYS_pwrite64, fd, p, target.most > 0 && n > target.most ? target.most : n,
		       at);
}

int
close(int fd)
{
	int rc = (int)syscall(SYS_close, fd);

	return target.close_error != 0 && fd == target.written ? answer(target.close_error) : rc;
}

int
mknodat(int dir, const char *name, mode_t mode, dev_t dev)
{
	int rc = (int)syscall(SYS_mknodat, dir, name, mode, (unsigned)dev);

	if (rc == 0 && target.made != NULL)
		target.made(dir, name);
	return rc;
}

static int
clean(void **state)
{
	memset(&target, 0, sizeof(target));
	target.written = -1;
	return setup(state);
}

/* ---- content ---- */

static void
large(struct fixture *f, const char *name)
{
	static char text[LARGE];

	memset(text, 'l', sizeof(text));
	attr(f, (struct entry){ name, FT_REG, S_IFREG | 0640, LARGE, 1000, NULL, 0 });
	put(f, 1, f->index, STREAM_FILE_DATA, bytes_of(text, sizeof(text)));
}

static void
content_that_is_taken_in_pieces_is_whole(void **state)
{
	struct fixture *f = *state;

	target.most = 3;
	target.interrupted = 1;
	begin(f, (struct rebuild_options){ 0 });
	regular(f, "/small", "all of this");
	target.most = 3000;
	large(f, "/large");
	target.most = 3;
	finish(f);
	assert_content(f, "/small", "all of this");
	assert_int_equal(stat_of(f, "/large").st_size, LARGE);
	assert_int_equal(f->events[REBUILD_RESTORED], 2);
}

static void
content_shorter_than_what_was_saved_is_told(void **state)
{
	struct fixture *f = *state;

	begin(f, (struct rebuild_options){ 0 });
	attr(f, (struct entry){ "/short", FT_REG, S_IFREG | 0640, 10, 1000, NULL, 0 });
	data(f, "five!");
	attr(f, (struct entry){ "/nothing", FT_REG, S_IFREG | 0640, 10, 1000, NULL, 0 });
	finish(f);
	assert_int_equal(f->events[REBUILD_WARNING], 2);
	assert_string_equal(f->last_name, "/nothing");
	assert_string_equal(f->last, "content of 0 bytes, 10 when the backup began");
}

/* The small one is written when its file is over, the large one at once. */
static void
a_full_target_ends_the_restore_and_an_error_only_its_file(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;

	begin(f, (struct rebuild_options){ 0 });
	target.write_error = EIO;
	regular(f, "/one", "x");
	large(f, "/two");
	finish(f);
	assert_int_equal(f->events[REBUILD_ERROR], 2);
	assert_int_equal(f->events[REBUILD_RESTORED], 0);
	begin(f, (struct rebuild_options){ 0 });
	target.write_error = ENOSPC;
	regular(f, "/three", "x");
	assert_int_equal(rebuild_finish(f->r, &err), ERR_FULL);
	assert_int_equal(f->events[REBUILD_ERROR], 1);
	assert_int_equal(f->events[REBUILD_RESTORED], 0);
}

/* Network file systems tell of lost writes there. */
static void
content_that_is_lost_at_the_end_of_its_file_is_told(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;

	begin(f, (struct rebuild_options){ 0 });
	target.close_error = EIO;
	regular(f, "/one", "x");
	finish(f);
	assert_int_equal(f->events[REBUILD_ERROR], 1);
	assert_int_equal(f->events[REBUILD_RESTORED], 0);
	begin(f, (struct rebuild_options){ 0 });
	target.close_error = EDQUOT;
	regular(f, "/two", "x");
	assert_int_equal(rebuild_finish(f->r, &err), ERR_FULL);
	target.close_error = 0;
}

/* It may be all that is left of it. */
static void
what_cannot_be_restored_does_not_take_the_place_of_what_is_there(void **state)
{
	struct fixture *f = *state;

	begin(f, (struct rebuild_options){ 0 });
	regular(f, "/e", "there");
	finish(f);
	begin(f, (struct rebuild_options){ 0 });
	attr(f, (struct entry){ "/e", FT_REG, S_IFREG | 0600, 3, 1, NULL,
				STREAM_ENCRYPTED_FILE_DATA });
	put(f, 1, 1, STREAM_ENCRYPTED_FILE_DATA, bytes_str("0123456789abcdef"));
	finish(f);
	assert_int_equal(f->events[REBUILD_ERROR], 1);
	assert_content(f, "/e", "there");
}

/* ---- names ---- */

static void
link_the_victim(int dir, const char *name)
{
	assert_int_equal(unlinkat(dir, name, 0), 0);
	assert_int_equal(linkat(dir, "victim", dir, name, 0), 0);
}

static void
move_the_victim(int dir, const char *name)
{
	assert_int_equal(renameat(dir, "victim", dir, name), 0);
}

/* Who may rename in the directory puts a fifo of his own, of that mode, in place of the one made.
 */
static void
put_another(struct fixture *f, mode_t mode, void (*how)(int dir, const char *name))
{
	char path[256];

	(void)mkdir(f->out, 0755);
	assert_int_equal(mkfifo(path_in(f, "/victim", path), 0600), 0);
	assert_int_equal(chmod(path, mode), 0);
	begin(f, (struct rebuild_options){ 0 });
	target.made = how;
	attr(f, (struct entry){ "/fifo", FT_SPEC, S_IFIFO | 0666, 0, 3000, NULL, 0 });
	target.made = NULL;
	finish(f);
	assert_int_equal(stat_of(f, "/fifo").st_mode & 07777, mode);
	assert_int_not_equal(stat_of(f, "/fifo").st_mtime, 3000);
}

static void
a_file_with_other_names_is_not_the_one_made(void **state)
{
	struct fixture *f = *state;

	put_another(f, 01600, link_the_victim);
	assert_int_equal(f->events[REBUILD_ERROR], 1);
	assert_non_null(strstr(f->last, "another file in its place"));
}

static void
nor_is_one_with_another_mode(void **state)
{
	struct fixture *f = *state;

	put_another(f, 0600, move_the_victim);
	assert_int_equal(f->events[REBUILD_WARNING], 1);
	assert_non_null(strstr(f->last, "its owner and mode are not set"));
}

#undef T
#define T(name) cmocka_unit_test_setup_teardown(name, clean, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(content_that_is_taken_in_pieces_is_whole),
		T(content_shorter_than_what_was_saved_is_told),
		T(a_full_target_ends_the_restore_and_an_error_only_its_file),
		T(content_that_is_lost_at_the_end_of_its_file_is_told),
		T(what_cannot_be_restored_does_not_take_the_place_of_what_is_there),
		T(a_file_with_other_names_is_not_the_one_made),
		T(nor_is_one_with_another_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
