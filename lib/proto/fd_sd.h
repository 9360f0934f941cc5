/*
 * lib/proto/fd_sd.h - the lines of the data channels: file daemon to storage daemon, and storage
 * daemon to storage daemon
 *
 * Purpose: both ends print and scan the same rows; see lib/proto/dir_fd.h for the manner.
 *          The file daemon (in a replication the reading storage daemon) gives the commands,
 *          whoever opened the connection.  Replies are compared exactly unless they are scanned.
 * Spec:    wire.md 3.6, 7, 8, 13; bacula.md 3.3
 */
#ifndef TERCET_PROTO_FD_SD_H
#define TERCET_PROTO_FD_SD_H

#include <inttypes.h>

/* clang-format off */

/* ---- Hello of the data connections; wire.md 3.6, no greeting except for Bacula ---- */
#define FD_SD_HELLO                 "Hello Start Job %s\n"
#define SD_FD_HELLO                 "Hello Storage calling Start Job %s\n" /* passive client */
#define SD_SD_HELLO                 "Hello Start Storage Job %s\n"
#define FD_SD_HELLO_BACULA_SCAN     "Hello Bacula SD: Start Job %127s %d"  /* bacula.md 3.3 */
#define FD_SD_OK_HELLO_BACULA       "3000 OK Hello\n"                      /* without number: no compressed frames */
#define SD_FD_OWN_NAME              "File\001daemon"                       /* in a challenge to a passive client */

/* ---- writing; wire.md 7.1 ---- */
#define FD_SD_APPEND_OPEN           "append open session\n"
#define FD_SD_OK_OPEN               "3000 OK open ticket = %d\n"
#define FD_SD_OK_OPEN_SCAN          "3000 OK open ticket = %d"
#define FD_SD_APPEND_DATA           "append data %d\n"
#define FD_SD_APPEND_DATA_SCAN      "append data %d"
#define FD_SD_OK_DATA               "3000 OK data\n"                       /* exact */
#define FD_SD_STREAM_HEAD           "%d %d %d"                             /* FileIndex, stream, 0; no LF */
#define FD_SD_STREAM_HEAD_SCAN      "%d %d"                                /* the third word is ignored */
#define FD_SD_OK_APPEND             "3000 OK append data\n"                /* exact */
#define FD_SD_APPEND_END            "append end session %d\n"
#define FD_SD_APPEND_END_SCAN       "append end session %d"
#define FD_SD_OK_END                "3000 OK end\n"                        /* exact */
#define FD_SD_APPEND_CLOSE          "append close session %d\n"
#define FD_SD_APPEND_CLOSE_SCAN     "append close session %d"
#define FD_SD_OK_CLOSE              "3000 OK close Status = %d\n"          /* job status code */
#define FD_SD_OK_CLOSE_SCAN         "3000 OK close Status = %d"
#define FD_SD_BAD_OPEN              "3901 Error session already open\n"
#define FD_SD_BAD_NOT_OPEN          "3902 Error session not opened\n"
#define FD_SD_BAD_APPEND            "3903 Error append data\n"
#define FD_SD_FAILED_APPEND         "3999 Failed append\n"
#define FD_SD_BAD_COMMAND           "3900 Invalid command\n"
#define FD_SD_BAD_INDEX             "FileIndex=%d from FD not positive or sequential=%d"

/* ---- reading; wire.md 7.3 ---- */
#define FD_SD_READ_OPEN             "read open session = DummyVolume %u %u %u %u %u %u\n" /* session id, time, 4 x 0 */
#define FD_SD_READ_OPEN_SCAN        "read open session = %127s %u %u %u %u %u %u"
#define FD_SD_READ_DATA             "read data %d\n"
#define FD_SD_READ_DATA_SCAN        "read data %d"
#define FD_SD_READ_ERROR            "3000 error\n"
#define FD_SD_RECORD_HEAD           "rechdr %u %u %d %d %u"                /* session id, time, FileIndex, stream, length; no LF */
#define FD_SD_RECORD_HEAD_SCAN      "rechdr %u %u %d %d %u"
#define FD_SD_READ_CLOSE            "read close session %d\n"
#define FD_SD_READ_CLOSE_SCAN       "read close session %d"

/* ---- replication; wire.md 8; reading storage daemon -> writing storage daemon ---- */
#define SD_SD_START                 "start replicate\n"
#define SD_SD_OK_START              "3000 OK start replicate ticket = %d\n"
#define SD_SD_OK_START_SCAN         "3000 OK start replicate ticket = %d"
#define SD_SD_DATA                  "replicate data %d\n"
#define SD_SD_DATA_SCAN             "replicate data %d"
#define SD_SD_OK_DATA               "3000 OK data\n"                       /* exact */
#define SD_SD_OK_REPLICATE          "3000 OK replicate data\n"             /* exact */
#define SD_SD_END                   "end replicate\n"
#define SD_SD_OK_END                "3000 OK end replicate\n"              /* exact */
#define SD_SD_BAD_OPEN              "3901 Error replicate session already open\n"
#define SD_SD_BAD_NOT_OPEN          "3902 Error replicate session not opened\n"
#define SD_SD_BAD_DATA              "3903 Error replicate data\n"

/* clang-format on */

#endif
