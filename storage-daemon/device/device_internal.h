/*
 * storage-daemon/device/device_internal.h - the kinds of device, for this folder only
 */
#ifndef TERCET_STORAGE_DAEMON_DEVICE_DEVICE_INTERNAL_H
#define TERCET_STORAGE_DAEMON_DEVICE_DEVICE_INTERNAL_H

#include "storage-daemon/device/dev.h"

extern const struct dev_ops dev_file_ops;

#endif
