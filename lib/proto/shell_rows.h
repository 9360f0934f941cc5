/*
 * lib/proto/shell_rows.h - the lines between console and director, in the order of the spec
 *
 * Purpose: Hello, the greeting in both forms, and the numbered response messages.  Commands and
 *          their output are texts of director/shell.
 * Spec:    wire.md 3.6, 10; bacula.md 8
 */
#ifndef TERCET_PROTO_SHELL_ROWS_H
#define TERCET_PROTO_SHELL_ROWS_H

/* clang-format off */

/* ---- Hello ---- */
#define SHELL_HELLO                 "Hello %s calling version %s\n"        /* bashed console name */
#define SHELL_HELLO_VERSION         "25.1.0"      /* the director picks its reply form from it */
#define SHELL_DEFAULT_CONSOLE       "*UserAgent*"
#define SHELL_NEW_VERSION           1802          /* major*100+minor from which the new greeting is used */

/* ---- greeting to a console without version or below 18.2 ---- */
#define SHELL_OLD_GREETING          "1000 OK: %s Version: %s (%s) --  Encryption: %s\n"
#define SHELL_OLD_REFUSED           "1999 You are not authorized.\n"

/* ---- response messages: id RS argument RS argument ..., no LF ---- */
#define SHELL_RS                    '\x1e'
#define SHELL_OK                    "1000\x1e" "OK: %s Version: %s (%s)"   /* cut at SHELL_OK_MAX characters */
#define SHELL_OK_MAX                99
#define SHELL_PAM_WANTED            "1001\x1e"
#define SHELL_INFO                  "1002\x1e" "%s"                        /* always the last of the greeting */
#define SHELL_PAM_INTERACTIVE       "4001\x1e"
#define SHELL_PAM_USER              "4002\x1e" "%s\x1e" "%s"

/* ---- .api; wire.md 10 ---- */
#define SHELL_IDLE_COMMAND          ".messages"   /* sent by an idle console at the main prompt */
#define SHELL_IDLE_SECONDS          30
#define SHELL_ABORT                 "."           /* the answer that gives a dialogue up */

/* clang-format on */

#endif
