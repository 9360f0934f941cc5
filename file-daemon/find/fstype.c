/* file-daemon/find/fstype.c - the type of the file system a directory is on */
#include "file-daemon/find/fstype.h"

#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "lib/base/own.h"

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif
#define ZFS_SUPER_MAGIC_  0x2fc12fc1
#define CIFS_SUPER_MAGIC_ 0xff534d42u
#define VFAT_SUPER_MAGIC_ 0x4d44

struct magic_row {
	unsigned long magic;
	const char *name;
};

/* Only for devices that mountinfo does not list (btrfs subvolumes have devices of their own). */
static const struct magic_row magics[] = {
	{ BTRFS_SUPER_MAGIC, "btrfs" },   { EXT4_SUPER_MAGIC, "ext4" },
	{ XFS_SUPER_MAGIC, "xfs" },       { TMPFS_MAGIC, "tmpfs" },
	{ NFS_SUPER_MAGIC, "nfs" },       { PROC_SUPER_MAGIC, "proc" },
	{ SYSFS_MAGIC, "sysfs" },         { OVERLAYFS_SUPER_MAGIC, "overlay" },
	{ ZFS_SUPER_MAGIC_, "zfs" },      { CIFS_SUPER_MAGIC_, "cifs" },
	{ VFAT_SUPER_MAGIC_, "vfat" },    { REISERFS_SUPER_MAGIC, "reiserfs" },
	{ F2FS_SUPER_MAGIC, "f2fs" },     { SQUASHFS_MAGIC, "squashfs" },
	{ ISOFS_SUPER_MAGIC, "iso9660" },
};

/* "36 35 98:0 / /mnt rw - ext4 /dev/sda1 rw": third word, first word behind " - ". */
static bool
line_type(const char *line, dev_t dev, char *out, size_t cap)
{
	char want[32];
	const char *sep = strstr(line, " - ");
	const char *at = line;

	(void)snprintf(want, sizeof(want), "%u:%u ", major(dev), minor(dev));
	for (int i = 0; i < 2 && at != NULL; i++) {
		at = strchr(at, ' ');
		if (at != NULL)
			at++;
	}
	if (at == NULL || sep == NULL || strncmp(at, want, strlen(want)) != 0)
		return false;
	(void)snprintf(out, cap, "%.*s", (int)strcspn(sep + 3, " \n"), sep + 3);
	return true;
}

void
fstype_of(int dirfd, dev_t dev, char *out, size_t cap)
{
	OWNED(fclosep) FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[4096];
	struct statfs fs;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (line_type(line, dev, out, cap))
			return;
	(void)snprintf(out, cap, "unknown");
	if (fstatfs(dirfd, &fs) != 0)
		return;
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if ((unsigned long)fs.f_type == magics[i].magic)
			(void)snprintf(out, cap, "%s", magics[i].name);
}
