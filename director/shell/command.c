#include "director/shell/command.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Shorter abbreviations than this choose only when nothing else fits (console.md 15.1, 10). */
#define PREFIX_MIN 3

#define A CMD_AUDITED
#define S CMD_SCRIPT

/* clang-format off */
const struct command commands[] = {
/*  name               handler            flags    help                                          arguments, example */
{ ".",                 cmd_dot,           S,       "no operation",                               "", NULL },
{ ".actiononpurge",    cmd_actiononpurge, S,       "list possible actions on purge",             "", NULL },
{ ".api",              cmd_api,           0,       "choose text (0) or JSON (2) answers",        "[ 0 | 1 | 2 | off | on | json ] [compact=<yes|no>] [messages=<yes|no>] [signals=<yes|no>]", ".api 2 compact=yes" },
{ ".authorized",       cmd_authorized,    0,       "check for authorization",                    "job=<job-name> | client=<client-name> | storage=<storage-name> | schedule=<schedule-name> | pool=<pool-name> | cmd=<command> | fileset=<fileset-name> | catalog=<catalog>", NULL },
{ ".catalogs",         cmd_dot_catalogs,  0,       "list all catalog resources",                 "", NULL },
{ ".clients",          cmd_dot_clients,   S,       "list all client resources",                  "[enabled | disabled]", NULL },
{ ".consoles",         cmd_dot_consoles,  S,       "list all console resources",                 "", NULL },
{ ".users",            cmd_dot_users,     S,       "list all user resources",                    "", NULL },
{ ".defaults",         cmd_defaults,      0,       "get default settings",                       "job=<job-name> | client=<client-name> | storage=<storage-name> | pool=<pool-name>", NULL },
{ ".filesets",         cmd_dot_filesets,  0,       "list all filesets",                          "", NULL },
{ ".help",             cmd_dot_help,      0,       "describe commands for programs",             "[ all | item=cmd | full ]", ".help item=run" },
{ ".jobdefs",          cmd_dot_jobdefs,   S,       "list all job defaults resources",            "", NULL },
{ ".jobs",             cmd_dot_jobs,      S,       "list job resources",                         "type=<jobtype> | enabled | disabled", ".jobs type=R" },
{ ".jobstatus",        cmd_dot_jobstatus, S,       "list jobstatus information",                 "[ =<jobstatus> ]", NULL },
{ ".levels",           cmd_dot_levels,    0,       "list all backup levels",                     "[ jobtype ]", NULL },
{ ".locations",        cmd_dot_locations, S,       "list all locations",                         "", NULL },
{ ".messages",         cmd_messages,      0,       "display pending messages",                   "", NULL },
{ ".media",            cmd_dot_media,     S,       "list all media",                             "", NULL },
{ ".mediatypes",       cmd_dot_mediatypes,S,       "list all media types",                       "", NULL },
{ ".msgs",             cmd_dot_msgs,      0,       "list all message resources",                 "", NULL },
{ ".pools",            cmd_dot_pools,     S,       "list all pool resources",                    "type=<pooltype>", NULL },
{ ".profiles",         cmd_dot_profiles,  S,       "list all profile resources",                 "", NULL },
{ ".quit",             cmd_quit,          0,       "quit",                                       "", NULL },
{ ".sql",              cmd_dot_sql,       A,       "send an arbitrary reading SQL command",      "query=<sql>", ".sql query=\"select count(*) from job\"" },
{ ".schedule",         cmd_dot_schedule,  0,       "list all schedules",                         "[enabled | disabled]", NULL },
{ ".status",           cmd_dot_status,    A,       "report status",                              "dir ( current | last | header | scheduled | running | terminated ) | storage=<storage> [ header | waitreservation | devices | volumes | spooling | running | terminated ] | client=<client> [ header | terminated | running ]", ".status dir running" },
{ ".storages",         cmd_dot_storages,  S,       "list all storage resources",                 "[enabled | disabled]", NULL },
{ ".types",            cmd_dot_types,     0,       "list all job types",                         "", NULL },
{ ".volstatus",        cmd_dot_volstatus, S,       "list all volume statuses",                   "", NULL },
{ ".bvfs_lsdirs",      NULL,              A|S,     "list directories using bvfs",                "jobid=<jobid> path=<path> | pathid=<pathid> [limit=<limit>] [offset=<offset>]", NULL },
{ ".bvfs_lsfiles",     NULL,              A|S,     "list files using bvfs",                      "jobid=<jobid> path=<path> | pathid=<pathid> [limit=<limit>] [offset=<offset>]", NULL },
{ ".bvfs_update",      NULL,              A|S,     "update bvfs cache",                          "[jobid=<jobid>]", NULL },
{ ".bvfs_get_jobids",  NULL,              A|S,     "get jobids required for a restore",          "jobid=<jobid> | ujobid=<unique-jobid> [all]", NULL },
{ ".bvfs_versions",    NULL,              A|S,     "list versions of a file",                    "jobid=0 client=<client-name> path=<path> fname=<file-name>", NULL },
{ ".bvfs_restore",     NULL,              A|S,     "mark BVFS files and directories for restore","path=<handle> jobid=<jobid> [fileid=<file-id>] [dirid=<dirid>] [hardlink=<hardlink>]", NULL },
{ ".bvfs_cleanup",     NULL,              A|S,     "remove a BVFS restore list",                 "path=<handle>", NULL },
{ ".bvfs_clear_cache", NULL,              A,       "clear the BVFS cache",                       "yes", NULL },
{ "add",               NULL,              A,       "add media to a pool",                        "pool=<pool-name> storage=<storage-name> jobid=<jobid>", NULL },
{ "autodisplay",       cmd_autodisplay,   A,       "autodisplay console messages",               "on | off", NULL },
{ "automount",         cmd_automount,     A,       "automount after label",                      "on | off", NULL },
{ "cancel",            cmd_cancel,        A,       "cancel a job",                               "storage=<storage-name> | jobid=<jobid> | job=<job-name> | ujobid=<unique-jobid> | state=<job_state> | all [yes]", "cancel jobid=42" },
{ "configure",         NULL,              A,       "configure resources",                        "add <resource> name=<name> | export client=<client-name>", NULL },
{ "create",            cmd_create,        A,       "create a pool record from its resource",     "pool=<pool-name>", NULL },
{ "delete",            cmd_delete,        A|S,     "delete volume or job from the catalog",      "volume=<vol-name> | jobid=<jobid> [yes]", "delete jobid=7,9-12 yes" },
{ "disable",           cmd_disable,       A|S,     "disable a job, client or schedule",          "job=<job-name> client=<client-name> schedule=<schedule-name>", "disable job=nightly" },
{ "enable",            cmd_enable,        A|S,     "enable a job, client or schedule",           "job=<job-name> client=<client-name> schedule=<schedule-name>", NULL },
{ "estimate",          cmd_estimate,      A,       "estimate what a backup would take",          "fileset=<fileset-name> client=<client-name> job=<job-name> accurate=<yes/no> level=<level> listing", "estimate job=nightly level=Full listing" },
{ "exit",              cmd_quit,          CMD_ALWAYS, "terminate the console session",           "", NULL },
{ "export",            NULL,              A|S,     "export volumes to import/export slots",      "storage=<storage-name> srcslots=<slot-selection> [dstslots=<slot-selection>]", NULL },
{ "gui",               cmd_gui,           0,       "switch between interactive and gui mode",    "on | off", NULL },
{ "help",              cmd_help,          0,       "display help for a command",                 "<command>", "help restore" },
{ "import",            NULL,              A|S,     "import volumes from import/export slots",    "storage=<storage-name> [srcslots=<slot-selection>] [dstslots=<slot-selection>]", NULL },
{ "label",             cmd_label,         A,       "label a volume",                             "storage=<storage-name> volume=<volume-name> pool=<pool-name> slot=<slot> drive=<drivenum>", "label storage=File pool=Full volume=Full-0009" },
{ "list",              cmd_list,          A|S,     "list objects of the catalog",                "jobs | jobid=<jobid> | ujobid=<unique-jobid> | job=<job-name> | jobtotals | joblog jobid=<jobid> | log | jobmedia | files jobid=<jobid> | filesets | fileset | pools | pool=<pool-name> | clients | client=<client-name> | storages | volumes | media | volume=<volume-name> | backups client=<client-name> | nextvol job=<job-name> | copies | jobstatistics jobid=<jobid> [jobstatus=<status>] [level=<level>] [jobtype=<type>] [days=<n>] [hours=<n>] [last] [current] [enabled] [disabled] [count] [limit=<n>] [offset=<n>] [reverse]", "list jobs client=web-fd days=7" },
{ "llist",             cmd_llist,         A|S,     "list objects of the catalog, all columns",   "as for list", "llist volume=Full-0001" },
{ "messages",          cmd_messages,      0,       "display pending messages",                   "[last=<n>]", "messages last=20" },
{ "memory",            cmd_memory,        S,       "print current memory usage",                 "", NULL },
{ "mount",             cmd_mount,         A,       "mount storage",                              "storage=<storage-name> slot=<num> drive=<num> | jobid=<jobid> | job=<job-name>", "mount storage=File" },
{ "move",              NULL,              A|S,     "move slots in an autochanger",               "storage=<storage-name> srcslots=<slot-selection> dstslots=<slot-selection>", NULL },
{ "prune",             NULL,              A|S,     "prune records from the catalog",             "files | jobs | volume | stats | directory [client=<client-name>] [pool=<pool-name>] [volume=<volume-name>] [yes]", NULL },
{ "purge",             cmd_purge,         A|S,     "purge records from the catalog",             "files [jobid=<jobid>] [job=<job-name>] [client=<client-name>] [pool=<pool-name>] | jobs [job=<job-name>] [client=<client-name>] [pool=<pool-name>] | volume=<volume-name> [yes]", "purge volume=Full-0001 yes" },
{ "quit",              cmd_quit,          CMD_ALWAYS, "terminate the console session",           "", NULL },
{ "query",             NULL,              A,       "query the catalog from the query file",      "", NULL },
{ "restore",           cmd_restore,       A,       "restore files",                              "where=</path> client=<client-name> storage=<storage-name> restoreclient=<client-name> restorejob=<job-name> jobid=<jobid> file=<filename> directory=<directory> fileregex=<regex> fileset=<fileset-name> pool=<pool-name> before=<date> bootstrap=<file> regexwhere=<regex> strip_prefix=<prefix> add_prefix=<prefix> add_suffix=<suffix> replace=<word> comment=<text> current select all copies archive done yes", "restore client=web-fd select current all done yes" },
{ "relabel",           cmd_relabel,       A,       "relabel a volume",                           "storage=<storage-name> oldvolume=<old-volume-name> volume=<new-volume-name> pool=<pool-name>", NULL },
{ "release",           cmd_release,       A|S,     "release storage",                            "storage=<storage-name> [drive=<num>] [alldrives]", NULL },
{ "reload",            cmd_reload,        A|S,     "reload the configuration",                   "", NULL },
{ "rerun",             cmd_rerun,         A,       "rerun a job",                                "jobid=<jobid> | since_jobid=<jobid> [until_jobid=<jobid>] | days=<n> | hours=<n> [yes]", "rerun jobid=17 yes" },
{ "resolve",           cmd_resolve,       A,       "resolve a host name on a daemon",            "[client=<client-name> | storage=<storage-name>] <host-name>", NULL },
{ "run",               cmd_run,           A,       "run a job",                                  "job=<job-name> client=<client-name> fileset=<fileset-name> level=<level> storage=<storage-name> pool=<pool-name> nextpool=<pool-name> where=<path> when=<date> priority=<n> bootstrap=<file> replace=<word> jobid=<jobid> comment=<text> accurate=<yes|no> spooldata=<yes|no> yes", "run job=nightly level=Full yes" },
{ "status",            cmd_status,        A|S,     "report status",                              "all | director [header] [scheduled] [running] [terminated] [days=<n>] | client=<client-name> | storage=<storage-name> | scheduler [days=<n>] [schedule=<schedule-name>] [job=<job-name>] | configuration | subscriptions", "status client=web-fd" },
{ "setbandwidth",      cmd_setbandwidth,  A|S,     "set bandwidth of a job or client",           "limit=<kB/s> [jobid=<jobid> | client=<client-name>]", NULL },
{ "setdebug",          cmd_setdebug,      A|S,     "set debug level",                            "level=<n> [trace=<0|1>] [timestamp=<0|1>] [client=<client-name> | director | storage=<storage-name> | all]", "setdebug level=100 client=web-fd" },
{ "setdevice",         NULL,              A|S,     "set device options",                         "storage=<storage-name> device=<device-name> autoselect=<yes|no>", NULL },
{ "setip",             NULL,              A,       "set the address of a client",                "", NULL },
{ "show",              cmd_show,          A|S,     "show resource records",                      "all | clients | jobs | jobdefs | storages | catalogs | schedules | filesets | pools | messages | counters | profiles | consoles | users | directors | <type>=<name> | disabled [verbose]", "show client=web-fd" },
{ "sqlquery",          cmd_sqlquery,      A,       "query the catalog with SQL",                 "", NULL },
{ "time",              cmd_time,          S,       "print current time",                         "", NULL },
{ "trace",             cmd_trace,         A|S,     "turn tracing to file on or off",             "on | off", NULL },
{ "truncate",          NULL,              A|S,     "truncate purged volumes",                    "volstatus=Purged [storage=<storage-name>] [pool=<pool-name>] [volume=<volume-name>] [yes]", NULL },
{ "unmount",           cmd_unmount,       A,       "unmount storage",                            "storage=<storage-name> [drive=<num>]", NULL },
{ "umount",            cmd_unmount,       A,       "unmount storage, for old-time fingers",      "storage=<storage-name> [drive=<num>]", NULL },
{ "update",            cmd_update,        A|S,     "update volume or pool",                      "volume=<volume-name> [volstatus=<status>] [volretention=<time>] [voluse=<time>] [maxvoljobs=<n>] [maxvolfiles=<n>] [maxvolbytes=<size>] [recycle=<yes|no>] [slot=<n>] [inchanger=<yes|no>] [pool=<pool-name>] [enabled=<yes|no|archived>] | pool=<pool-name>", "update volume=Full-0001 volstatus=Used" },
{ "use",               cmd_use,           A,       "use a specific catalog",                     "catalog=<catalog>", NULL },
{ "var",               NULL,              A,       "expand variables",                           "", NULL },
{ "version",           cmd_version,       S,       "print the version of the director",          "", NULL },
{ "wait",              cmd_wait,          0,       "wait until jobs have ended",                 "[jobid=<jobid> | job=<job-name> | ujobid=<unique-jobid>] [timeout=<seconds>]", "wait jobid=17 timeout=600" },
{ "whoami",            cmd_whoami,        S|CMD_ALWAYS, "print the name of the user of this console", "", NULL },
};

/* Short forms that everybody's fingers know, and what they mean. */
static const struct { const char *word, *name; } short_forms[] = {
	{ "m",    "messages" },
	{ "me",   "messages" },
	{ "mes",  "messages" },
	{ "st",   "status" },
	{ "s",    "status" },
	{ "q",    "quit" },
	{ "r",    "restore" },
	{ "re",   "restore" },
	{ "e",    "estimate" },
	{ "h",    "help" },
	{ "ru",   "run" },
	{ "?",    "help" },
};
/* clang-format on */

#undef A
#undef S

const size_t n_commands = sizeof(commands) / sizeof(commands[0]);

static const struct command *
find_exact(const char *word)
{
	for (size_t i = 0; i < n_commands; i++)
		if (strcasecmp(word, commands[i].name) == 0)
			return &commands[i];
	for (size_t i = 0; i < sizeof(short_forms) / sizeof(short_forms[0]); i++)
		if (strcasecmp(word, short_forms[i].word) == 0)
			return find_exact(short_forms[i].name);
	return NULL;
}

const struct command *
command_find(const char *word, char *candidates, size_t cap)
{
	const struct command *first = find_exact(word);
	size_t n = 0, len = 0;

	candidates[0] = '\0';
	if (first != NULL || word[0] == '\0')
		return first;
	for (size_t i = 0; i < n_commands; i++) {
		if (!args_is_prefix(word, commands[i].name))
			continue;
		if (n++ == 0)
			first = &commands[i];
		int w = snprintf(candidates + len, cap - len, "%s%s", len > 0 ? ", " : "",
				 commands[i].name);
		if (w > 0 && (size_t)w < cap - len)
			len += (size_t)w;
	}
	/* Dot commands are typed by programs, which count on the order of the table. */
	if (n == 1 || (n > 1 && word[0] == '.' && strlen(word) >= PREFIX_MIN)) {
		candidates[0] = '\0';
		return first;
	}
	if (n == 0)
		candidates[0] = '\0';
	return NULL;
}
