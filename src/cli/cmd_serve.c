/* `calotype serve` becomes the program calotype-server beside this one, so that gRPC does not slow the other verbs. */
#include "cli/become.h"
#include "cli/cli.h"

int calo_cmd_serve(int argc, char **argv)
{
    return calo_become("calotype-server", argc, argv, "the render server",
                       "it is built where gRPC and protobuf-c are installed (meson option server)");
}

void calo_serve_verb_help(FILE *to)
{
    char word[] = "--help", *words[] = {word};
    fflush(to);
    calo_cmd_serve(1, words);
}
