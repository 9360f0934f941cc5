/*
 * regress/fuzz/fuzz_fd_session.c - a whole session of the file daemon: a director that says
 * anything, and a storage daemon that answers anything
 *
 * needs: file-daemon
 * wraps: conn_dial fd_job_await_sd
 *
 * Section 0 is what the director says, sections 1 and up what each storage daemon says that the
 * session calls or waits for.  A byte 0E stands for the directory of the sandbox; an input that
 * has one finds a tree "t" there.
 */
#include "file-daemon/session/session.c" /* serve_director is the seam */

#include "lib/base/fd.h"
#include "regress/fuzz/lib/peer.h"
#include "regress/fuzz/lib/sandbox.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define BOX       0x0e
#define INPUT_MAX (1u << 20)

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
enum err_code __wrap_conn_dial(const struct dial *d, struct conn **out, struct err *err);
enum err_code __wrap_fd_job_await_sd(struct fd_job *j, int64_t seconds, struct err *err);

static const char conf_text[] =
	"Client { Name = f-fd; Working Directory = \"%s\"; Maximum Workers Per Job = 2\n"
	"  Pipeline Memory = 4m; Heartbeat Interval = 0; TLS Enable = no }\n"
	"Director { Name = f-dir; Password = \"p\"; TLS Enable = no }\n"
	"Messages { Name = Standard; Director = f-dir = all }\n";

static struct fd_daemon daemon_;
static const char *box;
static struct bytes input;
static unsigned storages;

enum err_code
__wrap_conn_dial(const struct dial *d, struct conn **out, struct err *err)
{
	struct bytes section = peer_section(input, ++storages);

	if (section.n == 0)
		return err_set(err, ERR_PEER, "%s:%u cannot be reached", d->host, d->port);
	*out = peer_say(section);
	return ERR_OK;
}

enum err_code
__wrap_fd_job_await_sd(struct fd_job *j, int64_t seconds, struct err *err)
{
	(void)seconds;
	if (j->sd != NULL)
		return ERR_OK;
	return __wrap_conn_dial(&(struct dial){ .host = "nowhere" }, &j->sd, err);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char path[512], text[1024];
	struct conf_diag *diag = conf_diag_new(false);
	struct fd_conf *conf = NULL;
	struct buf why = BUF_INIT(65536);
	struct err err = ERR_INIT;
	FILE *f;

	box = sandbox_enter(*argc, *argv);
	(void)snprintf(path, sizeof(path), "%s/fd.conf", box);
	(void)snprintf(text, sizeof(text), conf_text, box);
	f = fopen(path, "w");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
	if (fd_conf_load(path, &conf, diag, &err) != ERR_OK) {
		conf_diag_text(diag, true, &why);
		(void)fprintf(stderr, "%s\n%s", err.text, buf_str(&why));
		abort();
	}
	conf_diag_free(diag);
	fd_daemon_init(&daemon_, &conf);
	return 0;
}

/* Something of every kind; the current directory is the box. */
static void
make_tree(void)
{
	static const char text[] = "some text some text some text some text some text some text\n";
	int fd;

	(void)mkdir("t", 0755);
	(void)mkdir("t/d", 0700);
	(void)symlink("d/f", "t/l");
	(void)mkfifo("t/p", 0600);
	fd = open("t/f", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	(void)!write(fd, text, sizeof(text) - 1);
	(void)!pwrite(fd, text, sizeof(text) - 1, 200000); /* a hole before it */
	(void)fsetxattr(fd, "user.x", "v", 1, 0);
	(void)close(fd);
	(void)link("t/f", "t/d/f");
}

/* The input with the sandbox in place of BOX. */
static void
put_box(struct bytes in, struct buf *out)
{
	if (in.n > 0 && memchr(in.p, BOX, in.n) != NULL)
		make_tree();
	for (size_t i = 0; i < in.n && out->len < INPUT_MAX / 2; i++)
		if (in.p[i] == BOX)
			buf_text(out, "%s", box);
		else
			buf_put(out, &in.p[i], 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	OWNED(buf_release) struct buf said = BUF_INIT(INPUT_MAX);
	struct fd_conf *conf = fd_daemon_conf(&daemon_);

	put_box(bytes_of(p, n), &said);
	input = buf_bytes(&said);
	storages = 0;
	{
		OWNED(session_release)
		struct session s = { .daemon = &daemon_,
				     .conf = conf,
				     .director = fd_conf_find_director(conf, "f-dir"),
				     .dir = peer_say(peer_section(input, 0)) };

		s.job = fd_job_new(&daemon_, s.dir, s.director, s.conf);
		serve_director(&s);
	}
	/* What one input sets is not there for the next. */
	mutex_lock(&daemon_.lock);
	daemon_.bandwidth = 0;
	mutex_unlock(&daemon_.lock);
	(void)log_set_file(NULL);
	atomic_store(&log_trace_level, 0);
	sandbox_clean();
	return 0;
}
