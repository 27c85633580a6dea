/* The command line tool: one function a verb, and what they share. */
#ifndef CALO_CLI_CLI_H
#define CALO_CLI_CLI_H

#include <calotype/status.h>
#include <signal.h>
#include <stdio.h>

/* What a script can branch on; docs/cli.md explains them. */
enum {
    CALO_EXIT_OK = 0,
    CALO_EXIT_SOME_FAILED = 1,
    CALO_EXIT_USAGE = 2,
    CALO_EXIT_NOT_FOUND = 3,
    CALO_EXIT_BAD_FILE = 4,
    CALO_EXIT_UNSUPPORTED = 5,
    CALO_EXIT_LIMIT = 6,
    CALO_EXIT_IO = 7,
    CALO_EXIT_BACKEND = 8,
    CALO_EXIT_REJECTED = 9,
    CALO_EXIT_INTERRUPTED = 130,
};
int calo_exit_code(calo_status status);

/* "calotype: sentence" on standard error; returns the exit code. */
int calo_report(const calo_error *err);

/* Set by SIGINT and SIGTERM; a second signal ends the program at once. */
extern volatile sig_atomic_t calo_interrupted;

/* argv begins behind the verb. */
int calo_cmd_render(int argc, char **argv);
int calo_cmd_info(int argc, char **argv);
int calo_cmd_backends(int argc, char **argv);
int calo_cmd_serve(int argc, char **argv);
int calo_cmd_dataset(int argc, char **argv);

void calo_render_help(FILE *to);
void calo_info_help(FILE *to);
void calo_backends_help(FILE *to);
/* These do not return where the program is there to tell it by itself. */
void calo_serve_verb_help(FILE *to);
void calo_dataset_verb_help(FILE *to);

#endif
