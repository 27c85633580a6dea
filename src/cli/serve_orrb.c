/* ORRB's own command line: Unity's options with one dash, ORRB's flags as --part.name=value or --part.name value. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/file.h"
#include "cli/serve_command.h"

typedef enum meaning {
    BECOMES, /* an option of ours with the same value */
    SCENE,   /* the file that is served */
    MODE,    /* Server, or nothing that we do */
    NOTHING, /* has no meaning here, and need not have */
    TOLD,    /* has none, which is said */
} meaning;

static const struct {
    const char *flag;
    meaning meaning;
    const char *ours;
} flags[] = {
    {"render_server.host", BECOMES, "--host"},
    {"render_server.port", BECOMES, "--port"},
    {"render_server.streams_count", BECOMES, "--streams"},
    {"render_server.workers_count", NOTHING, NULL}, /* all threads work on one request */
    {"render_server.queues_count", NOTHING, NULL},
    {"main.mode", MODE, NULL},
    {"main.model_xml_path", SCENE, NULL},
    {"main.model_mapping_path", BECOMES, "--mapping"},
    {"main.renderer_config_path", BECOMES, "--randomize"},
    {"main.asset_basedir", BECOMES, "--asset-folder"},
    {"main.parent_pid", BECOMES, "--parent-pid"},
    {"main.model_state_path", TOLD, NULL},
};
enum { FLAGS = sizeof flags / sizeof flags[0] };

/* Of Unity's players: those that take a value, then those that do not. */
static const char *const unity_values[] = {
    "-screen-width", "-screen-height", "-screen-quality", "-screen-fullscreen", "-force-gfx-direct", "-monitor", NULL};
static const char *const unity_switches[] = {"-batchmode",    "-nographics",   "-quit", "-nolog",
                                             "-force-opengl", "-force-glcore", NULL};

typedef struct translation {
    int argc, at;
    char **argv, **words;
    size_t count;
    char *note;
} translation;

static calo_status add(translation *t, const char *first, const char *second, calo_error *err)
{
    char *word = calo_text_format("%s%s%s", first, second ? "=" : "", second ? second : "");
    if (!word)
        return calo_fail_memory(err, "arguments", strlen(first));
    t->words[t->count++] = word;
    return CALO_OK;
}

static void tell(translation *t, const char *flag)
{
    size_t length = strlen(t->note);
    snprintf(t->note + length, 512 - length, "%s--%s", length ? ", " : "", flag);
}

/* The value behind "=", or the next word; NULL: there is none. */
static const char *value_of(translation *t, const char *equals)
{
    if (equals)
        return equals + 1;
    return t->at + 1 < t->argc ? t->argv[++t->at] : NULL;
}

static calo_status translate_mode(const char *value, calo_error *err)
{
    if (strcasecmp(value, "Server") == 0)
        return CALO_OK;
    return calo_fail(
        err, CALO_ERROR_UNSUPPORTED,
        "main.mode=%.64s: calotype has no window: it is a server (main.mode=Server); for pictures of states "
        "in files say `calotype render scene.xml --qpos states.csv --camera all -o FOLDER`",
        value);
}

static calo_status translate_flag(translation *t, size_t index, const char *value, calo_error *err)
{
    if (!value)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "--%s needs a value: --%s=VALUE", flags[index].flag,
                         flags[index].flag);
    switch (flags[index].meaning) {
    case BECOMES: return add(t, flags[index].ours, value, err);
    case SCENE: return add(t, value, NULL, err);
    case MODE: return translate_mode(value, err);
    case TOLD: tell(t, flags[index].flag); break;
    case NOTHING: break;
    }
    return CALO_OK;
}

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

/* ORRB's flags have a dot in their name; *known tells whether the word is one of them, or Unity's. */
static calo_status translate_word(translation *t, bool *known, calo_error *err)
{
    const char *word = t->argv[t->at], *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    *known = true;
    if (is_one_of(word, unity_switches))
        return CALO_OK;
    if (is_one_of(word, unity_values)) {
        t->at++;
        return CALO_OK;
    }
    /* Unity logs to standard output when nothing, or -, is named. */
    if (strcmp(word, "-logFile") == 0) {
        bool named = t->at + 1 < t->argc && t->argv[t->at + 1][0] != '-';
        bool dash = t->at + 1 < t->argc && strcmp(t->argv[t->at + 1], "-") == 0;
        t->at += dash;
        return named ? add(t, "--log-file", t->argv[++t->at], err) : CALO_OK;
    }
    for (size_t i = 0; length > 2 && i < FLAGS; i++)
        if (strlen(flags[i].flag) == length - 2 && strncmp(word + 2, flags[i].flag, length - 2) == 0)
            return translate_flag(t, i, value_of(t, equals), err);
    if (strncmp(word, "--recorder.", 11) == 0) {
        char flag[64];
        snprintf(flag, sizeof flag, "%.*s", (int)(length - 2 < 63 ? length - 2 : 63), word + 2);
        tell(t, flag);
        if (!equals && t->at + 1 < t->argc && t->argv[t->at + 1][0] != '-')
            t->at++;
        return CALO_OK;
    }
    if (strncmp(word, "--flags.file", 12) == 0)
        return calo_fail(err, CALO_ERROR_UNSUPPORTED, "%.200s: files of flags are not read: give the flags themselves",
                         word);
    *known = false;
    return CALO_OK;
}

calo_status calo_serve_translate(int argc, char **argv, char ***words, char note[512], calo_error *err)
{
    translation t = {.argc = argc, .argv = argv, .note = note};
    calo_status status = CALO_OK;
    note[0] = '\0';
    *words = t.words = calloc((size_t)argc + 1, sizeof *t.words);
    if (!t.words)
        return calo_fail_memory(err, "arguments", (size_t)argc);
    for (; status == CALO_OK && t.at < argc; t.at++) {
        bool known;
        status = translate_word(&t, &known, err);
        if (status == CALO_OK && !known)
            status = add(&t, argv[t.at], NULL, err);
    }
    return status;
}

void calo_words_free(char **words)
{
    for (char **word = words; word && *word; word++)
        free(*word);
    free(words);
}
