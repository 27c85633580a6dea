/* calotype-dataset: what `calotype dataset` becomes, and its workers. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/dataset_command.h"

volatile sig_atomic_t calo_interrupted;

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} verbs[] = {
    {"report", calo_dataset_report},
    {"status", calo_dataset_status},
    {"worker", calo_dataset_worker},
};
enum { VERB_COUNT = sizeof verbs / sizeof verbs[0] };

static void on_signal(int number)
{
    (void)number;
    calo_interrupted = 1;
}

/* The first signal stops the run in an orderly way, the second one at once: --resume goes on after either. */
static void catch_signals(void)
{
    struct sigaction stop = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGTERM, &stop, NULL);
    /* A closed pipe is an error of the write, not the end of the program. */
    signal(SIGPIPE, SIG_IGN);
}

int main(int argc, char **argv)
{
    catch_signals();
    for (size_t i = 0; argc > 1 && i < VERB_COUNT; i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            return verbs[i].run(argc - 2, argv + 2);
    if (argc == 1) {
        calo_dataset_help(stderr);
        return CALO_EXIT_USAGE;
    }
    return calo_dataset_render(argc - 1, argv + 1);
}
