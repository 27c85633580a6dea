/* calotype-dataset: what `calotype dataset` becomes, and its workers. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/dataset_command.h"

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} verbs[] = {
    {"report", calo_dataset_report},
    {"status", calo_dataset_status},
    {"worker", calo_dataset_worker},
};
enum { VERB_COUNT = sizeof verbs / sizeof verbs[0] };

int main(int argc, char **argv)
{
    /* A closed pipe is an error of the write, not the end of the program. */
    signal(SIGPIPE, SIG_IGN);
    for (size_t i = 0; argc > 1 && i < VERB_COUNT; i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return verbs[i].run(argc - 2, argv + 2);
    fputs("calotype: calotype-dataset is what `calotype dataset` starts: call that\n", stderr);
    return CALO_EXIT_USAGE;
}
