/* A restore is good when its file systems have kept it: each is asked once, and what it lost is
 * told.  syncfs is this program's own. */
#include "lib/files/mounts.h"
#include "lib/files/rebuild_check.h"

static struct {
	dev_t dev[8];
	size_t n;
	int fails_at; /* errno of the first call */
} synced;

int
syncfs(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	assert_true(synced.n < 8);
	synced.dev[synced.n++] = st.st_dev;
	errno = synced.fails_at;
	return synced.fails_at != 0 && synced.n == 1 ? -1 : 0;
}

static enum err_code
sync_now(struct fixture *f, int fails_at, struct err *err)
{
	memset(&synced, 0, sizeof(synced));
	synced.fails_at = fails_at;
	finish(f);
	return rebuild_sync(f->r, err);
}

static void
tree(struct fixture *f)
{
	regular(f, "/d/a", "a");
	regular(f, "/d/e/b", "b");
	attr(f, (struct entry){ "/d/e/", FT_DIREND, S_IFDIR | 0755, 0, 1000, NULL, 0 });
	attr(f, (struct entry){ "/d/", FT_DIREND, S_IFDIR | 0755, 0, 1000, NULL, 0 });
}

static void
one_file_system_is_synced_once(void **state)
{
	struct fixture *f = *state;
	struct err err = ERR_INIT;
	struct stat st;

	begin(f, (struct rebuild_options){ .where = NULL });
	tree(f);
	assert_int_equal(sync_now(f, 0, &err), ERR_OK);
	assert_int_equal(synced.n, 1);
	assert_int_equal(stat(f->out, &st), 0);
	assert_true(synced.dev[0] == st.st_dev);
}

static void
what_it_lost_is_told_with_the_place(void **state)
{
	static const struct {
		int error;
		enum err_code code;
	} rows[] = { { EIO, ERR_SYS }, { ENOSPC, ERR_FULL }, { EDQUOT, ERR_FULL } };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct err err = ERR_INIT;

		begin(f, (struct rebuild_options){ .where = NULL });
		tree(f);
		assert_int_equal(sync_now(f, rows[i].error, &err), rows[i].code);
		assert_non_null(strstr(err.text, f->out));
		assert_non_null(strstr(err.text, strerror(rows[i].error)));
	}
}

/* What is below a mount point that is there, or only its directory itself. */
static void
each_file_system_is_synced(void **state)
{
	struct fixture *f = *state;
	char other[] = "/dev/shm/rebuild-test-XXXXXX", path[64];
	struct err err = ERR_INIT;
	struct stat here, there;

	if (mkdtemp(other) == NULL || stat(f->dir, &here) != 0 || stat(other, &there) != 0 ||
	    here.st_dev == there.st_dev)
		skip();
	begin(f, (struct rebuild_options){ .where = "/" });
	regular(f, full(f, "/a"), "a");
	(void)snprintf(path, sizeof(path), "%s/x", other);
	regular(f, path, "x");
	regular(f, full(f, "/b"), "b");
	assert_int_equal(sync_now(f, EIO, &err), ERR_SYS);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(synced.n, 2);
	assert_true(synced.dev[0] == here.st_dev);
	assert_true(synced.dev[1] == there.st_dev);

	begin(f, (struct rebuild_options){ .where = "/dev" });
	(void)snprintf(path, sizeof(path), "%s/", other + strlen("/dev"));
	attr(f, (struct entry){ path, FT_DIREND, S_IFDIR | 0700, 0, 1000, NULL, 0 });
	assert_int_equal(sync_now(f, 0, &err), ERR_OK);
	assert_int_equal(synced.n, 1);
	assert_true(synced.dev[0] == there.st_dev);
	assert_int_equal(rmdir(other), 0);
}

static void
more_file_systems_than_are_remembered(void **state)
{
	struct mounts m = { .n = 0 };
	struct err err = ERR_INIT;

	(void)state;
	memset(&synced, 0, sizeof(synced));
	synced.fails_at = EIO;
	for (unsigned i = 0; i < MOUNTS_MAX + 2; i++)
		mounts_add(&m, 1000 + i, AT_FDCWD, i == 0 ? "/first" : "/other");
	assert_int_equal(synced.n, 2);
	assert_false(mounts_have(&m, 1000));
	assert_true(mounts_have(&m, 1002));
	mounts_release(&m);
	assert_int_equal(mounts_sync(&m, &err), ERR_SYS);
	assert_non_null(strstr(err.text, "/first"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(one_file_system_is_synced_once),
		T(what_it_lost_is_told_with_the_place),
		T(each_file_system_is_synced),
		T(more_file_systems_than_are_remembered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
