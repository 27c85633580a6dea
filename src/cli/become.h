/* Verbs that are programs of their own beside this one, so that their libraries do not slow the others. */
#ifndef CALO_CLI_BECOME_H
#define CALO_CLI_BECOME_H

/* Becomes `program` ("calotype-server"), which stands in this one's folder, with these words. Returns only where that fails:
 * told on standard error as "`what` cannot be started: ...: `advice`"; the exit code. */
int calo_become(const char *program, int argc, char **argv, const char *what, const char *advice);

#endif
