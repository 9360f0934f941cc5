/*
 * regress/fuzz/fuzz_sd_session.c - a whole session of the storage daemon: a director that says and
 * answers anything, a file daemon that says anything
 *
 * needs: storage-daemon
 * wraps: conn_dial session_wait_fd mount_wait cond_wait_ms
 *
 * Section 0 is the director's, section 1 the file daemon's that comes when the job waits for it,
 * or is called, section 2 to the end the content of volume VOLUME.  The volumes directory keeps
 * what the inputs before have written for a while, so that reading finds something.  Nobody mounts
 * anything.
 */
#include "storage-daemon/session/serve.c" /* serve_director is the seam */

#include "lib/base/mem.h"
#include "lib/proto/job_code.h"
#include "storage-daemon/media/mount.h"
#include "regress/fuzz/lib/peer.h"
#include "regress/fuzz/lib/sandbox.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define INPUTS_A_TIDY 200
#define WAIT_MAX_MS   5
#define VOLUME        "b9-incr-0017"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
enum err_code __wrap_conn_dial(const struct dial *d, struct conn **out, struct err *err);
enum err_code __wrap_mount_wait(struct device *d, const struct media_job *j,
				const struct mount_wish *w, struct mount_pause *p,
				const struct err *why, struct err *err);
bool __real_cond_wait_ms(struct cond *c, struct mutex *m, int64_t ms);
bool __wrap_cond_wait_ms(struct cond *c, struct mutex *m, int64_t ms);
enum err_code __real_session_wait_fd(struct session *s, int64_t seconds, struct conn **out,
				     struct err *err);
enum err_code __wrap_session_wait_fd(struct session *s, int64_t seconds, struct conn **out,
				     struct err *err);

static const char conf_text[] =
	"Storage { Name = f-sd; Working Directory = \"%s\"; Heartbeat Interval = 0\n"
	"  TLS Enable = no }\n"
	"Director { Name = f-dir; Password = \"p\"; TLS Enable = no }\n"
	"Messages { Name = Standard; Director = f-dir = all }\n"
	"Device { Name = D; Media Type = File; Device Type = File; Archive Device = \"%s/v\"\n"
	"  Label Media = yes; Random Access = yes; Automatic Mount = yes\n"
	"  Maximum Concurrent Jobs = 2 }\n"
	"Device { Name = B; Media Type = Bac; Device Type = File; Archive Device = \"%s/v\"\n"
	"  Label Style = Bacula; Label Media = yes; Random Access = yes; Automatic Mount = yes }\n";

static struct sd sd_;
static struct bytes input;
static const char *box;

enum err_code
__wrap_conn_dial(const struct dial *d, struct conn **out, struct err *err)
{
	struct bytes section = peer_section(input, 1);

	if (section.n == 0)
		return err_set(err, ERR_PEER, "%s:%u cannot be reached", d->host, d->port);
	*out = peer_say(section);
	return ERR_OK;
}

enum err_code
__wrap_session_wait_fd(struct session *s, int64_t seconds, struct conn **out, struct err *err)
{
	struct conn *c = peer_say(peer_section(input, 1));
	struct err taken = ERR_INIT;

	(void)seconds;
	(void)!session_offer_fd(s, &c, &taken);
	conn_free(c);
	return __real_session_wait_fd(s, 1, out, err);
}

enum err_code
__wrap_mount_wait(struct device *d, const struct media_job *j, const struct mount_wish *w,
		  struct mount_pause *p, const struct err *why, struct err *err)
{
	(void)d;
	(void)w;
	(void)p;
	j->ops->status(j->arg, STATUS_WAIT_MEDIA, why->text);
	return err_set(err, ERR_CANCELED, "nobody mounts a volume");
}

bool
__wrap_cond_wait_ms(struct cond *c, struct mutex *m, int64_t ms)
{
	return __real_cond_wait_ms(c, m, ms < WAIT_MAX_MS ? ms : WAIT_MAX_MS);
}

static void
make_volumes_dir(void)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/v", box);
	if (mkdir(path, 0700) != 0)
		abort();
}

static void
write_volume(struct bytes content)
{
	char path[512];
	FILE *f;

	if (content.n == 0)
		return;
	(void)snprintf(path, sizeof(path), "%s/v/" VOLUME, box);
	f = fopen(path, "w");
	if (f != NULL) {
		(void)fwrite(content.p, 1, content.n, f);
		(void)fclose(f);
	}
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char path[512], text[2048];
	struct conf_diag *diag = conf_diag_new(false);
	struct sd_conf *conf = NULL;
	struct buf why = BUF_INIT(65536);
	struct err err = ERR_INIT;
	FILE *f;

	box = sandbox_enter(*argc, *argv);
	make_volumes_dir();
	(void)snprintf(path, sizeof(path), "%s/sd.conf", box);
	(void)snprintf(text, sizeof(text), conf_text, box, box, box);
	f = fopen(path, "w");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
	if (sd_conf_load(path, &conf, diag, &err) != ERR_OK ||
	    cancel_init(&sd_.stop, &err) != ERR_OK) {
		conf_diag_text(diag, true, &why);
		(void)fprintf(stderr, "%s\n%s", err.text, buf_str(&why));
		abort();
	}
	conf_diag_free(diag);
	sd_.conf = conf;
	sd_.started = 1795228139;
	sd_.sessions = sessions_new();
	(void)snprintf(sd_.own_name, sizeof(sd_.own_name), "R_STORAGE::f-sd");
	(void)snprintf(sd_.os, sizeof(sd_.os), "Linux");
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static unsigned inputs;
	const struct hello who = { .kind = PEER_DIRECTOR, .name = "f-dir" };
	struct conn *c;

	input = bytes_of(p, n);
	write_volume(peer_rest(input, 2));
	media_init(&sd_.media, sd_.conf);
	c = peer_say(peer_section(input, 0));
	serve_director(&sd_, &who, c);
	conn_free(c);
	media_release(&sd_.media);
	(void)log_set_file(NULL);
	atomic_store(&log_trace_level, 0);
	if (++inputs % INPUTS_A_TIDY == 0) {
		sandbox_clean();
		make_volumes_dir();
	}
	return 0;
}
