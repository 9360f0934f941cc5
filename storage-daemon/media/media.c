#include "storage-daemon/media/media.h"

#include "storage-daemon/media/reserve.h"

void
media_init(struct media *m, const struct sd_conf *conf)
{
	m->conf = conf;
	m->devices = devices_new(conf);
	m->volumes = volumes_new();
	m->reserve = reserve_new();
}

void
media_release(struct media *m)
{
	devices_free(m->devices);
	volumes_free(m->volumes);
	reserve_free(m->reserve);
	*m = (struct media){ .conf = NULL };
}

void
media_wake(struct media *m)
{
	devices_wake(m->devices);
	reserve_wake(m->reserve);
}
