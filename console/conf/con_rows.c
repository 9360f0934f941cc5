/*
 * console/conf/con_rows.c - directives of Console and Director
 *
 * Spec: config.md 6, 10
 */
#include "console/conf/con_conf_internal.h"

const struct conf_row con_console_rows[] = {
	/* clang-format off */
	{ "Name", CONF_NAME_AT(struct con_console, name), .flags = CONF_REQUIRED,
	  .help = "Name of the resource: letters, digits, blanks and : . - _ /" },
	{ "Description", CONF_STR_AT(struct con_console, description),
	  .help = "Free text, only displayed" },
	{ "RcFile", CONF_PATH_AT(struct con_console, rc_file), .flags = CONF_LATER,
	  .help = "Commands run at start" },
	{ "HistoryFile", CONF_PATH_AT(struct con_console, history_file),
	  .help = "Readline history" },
	{ "HistoryLength", CONF_UINT32_AT(struct con_console, history_length), .def = "100",
	  .help = "Lines kept" },
	{ "Password", CONF_PASSWORD_AT(struct con_console, password), .flags = CONF_REQUIRED,
	  .help = "Secret of this named console" },
	{ "Director", CONF_STR_AT(struct con_console, director),
	  .help = "Use this Console only with that Director" },
	{ "HeartbeatInterval", CONF_TIME_AT(struct con_console, heartbeat_interval), .def = "0",
	  .help = "TCP keepalive" },
	{ .name = NULL },
	/* clang-format on */
};

const struct conf_row con_director_rows[] = {
	/* clang-format off */
	{ "Name", CONF_NAME_AT(struct con_director, name), .flags = CONF_REQUIRED,
	  .help = "Name of the resource: letters, digits, blanks and : . - _ /" },
	{ "Description", CONF_STR_AT(struct con_director, description),
	  .help = "Free text, only displayed" },
	{ "Port", CONF_UINT32_AT(struct con_director, port), .def = "9101", .alias = "DirPort", .min = 1, .max = 65535,
	  .help = "Port of the director" },
	{ "Address", CONF_STR_AT(struct con_director, address), .alias = "DirAddress", .flags = CONF_REQUIRED,
	  .help = "Host of the director" },
	{ "Password", CONF_PASSWORD_AT(struct con_director, password),
	  .help = "Secret of the root console; needed if there is no Console resource" },
	{ "HeartbeatInterval", CONF_TIME_AT(struct con_director, heartbeat_interval), .def = "0",
	  .help = "TCP keepalive" },
	{ .name = NULL },
	/* clang-format on */
};
