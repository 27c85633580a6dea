/* `calotype serve`, the program calotype-server: what its options say. */
#ifndef CALO_CLI_SERVE_COMMAND_H
#define CALO_CLI_SERVE_COMMAND_H

#include <calotype/server.h>

#include "cli/args.h"

typedef enum calo_serve_shading { CALO_SERVE_AUTO = 0, CALO_SERVE_MUJOCO, CALO_SERVE_GLTF } calo_serve_shading;

typedef struct calo_serve_command {
    calo_limits limits; /* first: see limits.h */
    const char *scene, *mapping, *randomize, *asset_folder;
    bool lenient;
    calo_serve_shading shading;
    calo_renderer_options renderer;
    uint32_t samples;
    calo_server_options server;
    uint32_t port;
    const char *token_file, *certificate_file, *key_file;
    uint32_t parent; /* 0: none */
    double drain_seconds;
    const char *log_file; /* NULL: standard error */
    const char *install_folder, *install_version;
} calo_serve_command;

extern const calo_option calo_serve_options_table[];

calo_serve_command calo_serve_command_default(void);
/* Standard output: the page of `calotype serve --help`. */
void calo_serve_help(FILE *to);

/* ORRB's own command line as ours: new words, malloc'ed, ended by NULL; the caller frees them by calo_words_free. A
 * sentence about what has no meaning here is written to `note` (empty: nothing). */
calo_status calo_serve_translate(int argc, char **argv, char ***words, char note[512], calo_error *err);
void calo_words_free(char **words);

/* Writes FOLDER/StandaloneRenderer-SYSTEM-MACHINE-VERSION/run.sh, which starts this program. */
calo_status calo_serve_install(const char *folder, const char *version, calo_error *err);

#endif
