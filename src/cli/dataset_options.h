/* `calotype dataset`: what its options say. */
#ifndef CALO_CLI_DATASET_OPTIONS_H
#define CALO_CLI_DATASET_OPTIONS_H

#include "cli/args.h"
#include "cli/render_command.h"
#include "dataset/engine.h"

typedef struct calo_dataset_command {
    calo_dataset_options run;
    const char **lists; /* of --list, malloc'ed */
    size_t list_count;
    char *run_folder, *name; /* where they were not given */
    char **words;            /* of rendering, for the workers: "worker" is the first one; malloc'ed, borrowed texts */
    int word_count;
    calo_render_command render; /* the same, read */
    char options_hash[65];
} calo_dataset_command;

/* The options of its own; those of rendering are calo_render_options_table's. */
extern const calo_option calo_dataset_options_table[];

/* Reads words into `command` and `arguments` (inputs). The words must stay. The caller finishes both, also after a failure. */
calo_status calo_dataset_command_read(int argc, char **argv, calo_dataset_command *command, calo_arguments *arguments,
                                      calo_error *err);
/* Fills in what follows from other options: the run's folder, its name, the workers' words. */
calo_status calo_dataset_command_resolve(calo_dataset_command *command, calo_error *err);
void calo_dataset_command_finish(calo_dataset_command *command);

#endif
