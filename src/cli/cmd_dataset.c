/* `calotype dataset` becomes the program calotype-dataset beside this one: libcurl and hiredis do not slow the other verbs. */
#include "cli/become.h"
#include "cli/cli.h"

int calo_cmd_dataset(int argc, char **argv)
{
    return calo_become("calotype-dataset", argc, argv, "`calotype dataset`",
                       "it is built where libcurl, hiredis and libseccomp are installed (meson option dataset)");
}

void calo_dataset_verb_help(FILE *to)
{
    char word[] = "--help", *words[] = {word};
    fflush(to);
    calo_cmd_dataset(1, words);
}
