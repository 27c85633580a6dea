/* The verbs of the program calotype-dataset. argv begins behind the verb; the exit code is returned. */
#ifndef CALO_CLI_DATASET_COMMAND_H
#define CALO_CLI_DATASET_COMMAND_H

#include <stdio.h>

/* A run: all words are its. */
int calo_dataset_render(int argc, char **argv);
void calo_dataset_help(FILE *to);
/* A worker of the pool (dataset/pool.h starts it), with the options of rendering. Not for users. */
int calo_dataset_worker(int argc, char **argv);

/* `calotype dataset status RUN`, `calotype dataset report RUN`. */
int calo_dataset_status(int argc, char **argv);
int calo_dataset_report(int argc, char **argv);

#endif
