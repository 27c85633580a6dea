#include "import/mjcf/mend.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

static calo_status set(const calo_mjcf_mender *m, calo_mjcf_element *element, const char *name, const char *value)
{
    return calo_mjcf_xml_set(element, name, value, &m->mended->arena, m->err);
}

int64_t calo_mjcf_xml_integer(const calo_mjcf_element *element, const char *name)
{
    const char *value = calo_mjcf_xml_get(element, name);
    int64_t number = 0;
    if (!value)
        return 0;
    calo_text text = {value, value + strlen(value)};
    calo_text_skip_blanks(&text);
    return calo_text_integer(&text, &number) ? number : 0;
}

/* ---- notes ---- */

enum { MAX_NOTES = 256 }; /* a scene keeps 32 of one id */

calo_status calo_mjcf_warn(calo_mjcf_mended *mended, const char *id, calo_error *err, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    uint32_t count = 0;
    for (const calo_mjcf_note *note = mended->notes; note; note = note->next)
        if (strcmp(note->text, text) == 0 || ++count >= MAX_NOTES)
            return CALO_OK;
    calo_mjcf_note *note = CALO_ARENA_TAKE(&mended->arena, calo_mjcf_note, 1, "a warning", err);
    if (!note || !(note->text = calo_arena_text(&mended->arena, text, strlen(text), err)))
        return calo_failed(err);
    note->id = id;
    *mended->last_note = note;
    mended->last_note = &note->next;
    return CALO_OK;
}

/* ---- files ---- */

calo_status calo_mjcf_mend_path(const calo_mjcf_mender *m, const char *folder, const char *name, char **path,
                                calo_error *err)
{
    const char *tail = m->strip_path ? calo_path_name(name) : name;
    *path = NULL;
    if (!m->source->has_folder)
        return calo_fail(err, CALO_ERROR_UNSUPPORTED,
                         "the file \"%s\" cannot be looked for: the model was loaded from memory", name);
    char *link = tail[0] == '/' ? strdup(tail) : calo_text_format("%s%s", folder, tail);
    if (!link)
        return calo_fail_memory(err, "a path", strlen(name));
    calo_status status =
        calo_path_resolve(m->source->path, link, false, m->source->limits.allow_outside_paths, path, err);
    free(link);
    return status;
}

calo_status calo_mjcf_mend_set_path(const calo_mjcf_mender *m, calo_mjcf_element *element, const char *attribute,
                                    const char *path)
{
    char *absolute = realpath(path, NULL);
    calo_status status = absolute ? set(m, element, attribute, absolute)
                                  : calo_fail(m->err, CALO_ERROR_IO, "%s cannot be found again: %s", path, strerror(errno));
    free(absolute);
    return status;
}

calo_status calo_mjcf_mend_linked(calo_mjcf_mender *m, const char *name)
{
    calo_mjcf_mended *mended = m->mended;
    if (mended->linked_count == mended->linked_capacity) {
        uint32_t capacity = mended->linked_capacity ? 2 * mended->linked_capacity : 16;
        const char **grown = CALO_ARENA_TAKE(&mended->arena, const char *, capacity, "linked files", m->err);
        if (!grown)
            return calo_failed(m->err);
        if (mended->linked_count)
            memcpy(grown, mended->linked, mended->linked_count * sizeof *grown);
        mended->linked = grown;
        mended->linked_capacity = capacity;
    }
    const char *copy = calo_arena_text(&mended->arena, name, strlen(name), m->err);
    if (!copy)
        return calo_failed(m->err);
    mended->linked[mended->linked_count++] = copy;
    return CALO_OK;
}

/* Where the model's meshes and textures are; the last word counts. */
static calo_status read_folders(calo_mjcf_mender *m)
{
    m->mesh_folder = m->texture_folder = "";
    for (calo_mjcf_element *e = m->mended->root->first_child; e; e = e->next) {
        const char *assets = calo_mjcf_xml_get(e, "assetdir"), *meshes = calo_mjcf_xml_get(e, "meshdir");
        const char *textures = calo_mjcf_xml_get(e, "texturedir"), *strip = calo_mjcf_xml_get(e, "strippath");
        if (strcmp(e->name, "compiler") != 0)
            continue;
        m->mesh_folder = meshes ? meshes : assets ? assets : m->mesh_folder;
        m->texture_folder = textures ? textures : assets ? assets : m->texture_folder;
        m->strip_path = strip ? strcmp(strip, "true") == 0 : m->strip_path;
    }
    const char **folders[] = {&m->mesh_folder, &m->texture_folder};
    for (int i = 0; i < 2; i++) {
        size_t length = strlen(*folders[i]);
        char *folder = CALO_ARENA_TAKE(&m->mended->arena, char, length + 2, "a path", m->err);
        if (!folder)
            return calo_failed(m->err);
        snprintf(folder, length + 2, "%s%s", *folders[i],
                 length && !strchr("/\\", (*folders[i])[length - 1]) ? "/" : "");
        *folders[i] = folder;
    }
    return CALO_OK;
}

/* MuJoCo reads any file to its end. */
static calo_status check_file(calo_mjcf_mender *m, const calo_mjcf_element *element, const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return calo_fail(m->err, CALO_ERROR_IO, "%s is not a file that can be read", path);
    if ((uint64_t)info.st_size > m->source->limits.max_file_bytes)
        return calo_fail(m->err, CALO_ERROR_LIMIT, "%s has %lld bytes, more than the limit of %llu", path,
                         (long long)info.st_size, (unsigned long long)m->source->limits.max_file_bytes);
    return strcmp(element->name, "hfield") == 0 ? calo_mjcf_mend_picture(m, element, path, m->err) : CALO_OK;
}

static calo_status mend_file(calo_mjcf_mender *m, calo_mjcf_element *element, const char *name)
{
    char *path;
    calo_status status = calo_mjcf_mend_path(m, m->mesh_folder, name, &path, m->err);
    if (status == CALO_OK)
        status = check_file(m, element, path);
    if (status != CALO_OK) {
        free(path);
        return calo_fail_within(m->err, status, "%s: line %llu, <%s>", element->file, (unsigned long long)element->line,
                                element->name);
    }
    status = calo_mjcf_mend_set_path(m, element, "file", path);
    free(path);
    return status == CALO_OK ? calo_mjcf_mend_linked(m, name) : status;
}

/* ---- limits: what a few bytes can make MuJoCo do ---- */

enum { MAX_COPIES = 1000000, MAX_USER_VALUES = 10000, MAX_PARTS = 1000000 };

static calo_status fail_large(const calo_mjcf_mender *m, const calo_mjcf_element *e, const char *what, long long limit)
{
    return calo_fail(m->err, CALO_ERROR_LIMIT, "%s: line %llu: <%s> asks for %s, more than the limit of %lld", e->file,
                     (unsigned long long)e->line, e->name, what, limit);
}

/* The product of the whole numbers in an attribute, from 1 to `limit` + 1. */
static int64_t product_of(const calo_mjcf_element *e, const char *name, int64_t limit)
{
    const char *value = calo_mjcf_xml_get(e, name);
    int64_t product = 1, number;
    if (!value)
        return 1;
    calo_text text = {value, value + strlen(value)};
    for (calo_text_skip_blanks(&text); calo_text_integer(&text, &number); calo_text_skip_blanks(&text))
        if (__builtin_mul_overflow(product, number < 1 ? 1 : number, &product) || product > limit)
            return limit + 1;
    return product;
}

static bool is_copying(const calo_mjcf_element *e)
{
    return strcmp(e->name, "composite") == 0 || strcmp(e->name, "replicate") == 0 || strcmp(e->name, "flexcomp") == 0;
}

/* Copies inside of copies multiply, and so does all that they hold. */
static calo_status check_copies(const calo_mjcf_mender *m)
{
    int64_t total = 0, copies;
    bool copying = false;
    for (const calo_mjcf_element *e = m->mended->root; e; e = calo_mjcf_xml_next(m->mended->root, e)) {
        copying |= is_copying(e);
        copies = 1;
        for (const calo_mjcf_element *up = e; copying && up && copies <= MAX_COPIES; up = up->parent)
            if (is_copying(up))
                copies *= product_of(up, "count", MAX_COPIES); /* both below 2^21 */
        total += copies;
        if (copying && total > MAX_COPIES)
            return fail_large(m, e, "too many copies", MAX_COPIES);
    }
    return CALO_OK;
}

static calo_status check_field(const calo_mjcf_mender *m, const calo_mjcf_element *element)
{
    int64_t rows = calo_mjcf_xml_integer(element, "nrow"), columns = calo_mjcf_xml_integer(element, "ncol");
    int64_t limit = (int64_t)(m->source->limits.max_triangles / 2), points;
    if (rows > 0 && columns > 0 && (__builtin_mul_overflow(rows, columns, &points) || points > limit))
        return fail_large(m, element, "too many points", limit);
    return CALO_OK;
}

/* MuJoCo makes meshes of its own, as fine as they are wanted. */
static calo_status check_mesh(const calo_mjcf_mender *m, const calo_mjcf_element *element)
{
    int64_t limit =
        (int64_t)(m->source->limits.max_triangles < MAX_PARTS ? m->source->limits.max_triangles : MAX_PARTS);
    bool made = calo_mjcf_xml_get(element, "builtin") != NULL;
    return made && product_of(element, "params", limit) > limit ? fail_large(m, element, "too many triangles", limit)
                                                                : CALO_OK;
}

/* The room for dynamics is not needed, and libmujoco takes it, however large, without asking. */
static calo_status mend_size(calo_mjcf_mender *m, calo_mjcf_element *element)
{
    for (calo_mjcf_attribute *a = element->attributes; a; a = a->next) {
        int64_t count = calo_mjcf_xml_integer(element, a->name);
        if (strncmp(a->name, "nuser_", 6) != 0)
            a->value = NULL;
        else if (count > MAX_USER_VALUES)
            return fail_large(m, element, a->name, MAX_USER_VALUES);
    }
    return CALO_OK;
}

/* ---- elements ---- */

/* What moves things by forces, or looks at them: no picture needs it, and much can be wrong with it. */
static bool is_dynamics(const char *name)
{
    static const char *const names[] = {"option", "actuator", "sensor", "contact", "equality", "keyframe", "custom"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

static void drop_dynamics(calo_mjcf_element *root)
{
    calo_mjcf_element **link = &root->first_child;
    root->last_child = NULL;
    while (*link) {
        if (is_dynamics((*link)->name)) {
            *link = (*link)->next;
        } else {
            root->last_child = *link;
            link = &(*link)->next;
        }
    }
}

/* MuJoCo takes a step of the simulation to see whether a model works: things that are far too large collide for ever.
 */
static calo_status stop_dynamics(const calo_mjcf_mender *m)
{
    static const char *const stopped[] = {"constraint", "contact", "gravity"};
    calo_arena *arena = &m->mended->arena;
    calo_mjcf_element *option = calo_mjcf_xml_add(m->mended->root, "option", arena, m->err);
    calo_mjcf_element *flag = option ? calo_mjcf_xml_add(option, "flag", arena, m->err) : NULL;
    calo_status status = flag ? CALO_OK : calo_failed(m->err);
    for (size_t i = 0; i < sizeof stopped / sizeof stopped[0] && status == CALO_OK; i++)
        status = set(m, flag, stopped[i], "disable");
    return status;
}

/* A joint with a range has limits: what all newer versions of MuJoCo say, and older ones when they are told to. */
static calo_status decide_limits(const calo_mjcf_mender *m)
{
    calo_mjcf_element *compiler = calo_mjcf_xml_add(m->mended->root, "compiler", &m->mended->arena, m->err);
    return compiler ? set(m, compiler, "autolimits", "true") : calo_failed(m->err);
}

static calo_status mend_element(calo_mjcf_mender *m, calo_mjcf_element *element)
{
    const char *file = calo_mjcf_xml_get(element, "file");
    bool in_assets = element->parent && strcmp(element->parent->name, "asset") == 0;
    calo_status status = CALO_OK;
    if (in_assets && strcmp(element->name, "texture") == 0)
        return calo_mjcf_mend_texture(m, element);
    if (in_assets && strcmp(element->name, "model") == 0)
        return calo_fail(m->err, CALO_ERROR_UNSUPPORTED,
                         "%s: line %llu: models within models are not read: include the file instead", element->file,
                         (unsigned long long)element->line);
    if (strcmp(element->name, "size") == 0 && element->parent == m->mended->root)
        return mend_size(m, element);
    if (strcmp(element->name, "hfield") == 0)
        status = check_field(m, element);
    if (strcmp(element->name, "mesh") == 0)
        status = check_mesh(m, element);
    if (strcmp(element->name, "compiler") == 0) {
        static const char *const resolved[] = {"meshdir", "texturedir", "assetdir", "strippath"};
        for (size_t i = 0; i < sizeof resolved / sizeof resolved[0] && status == CALO_OK; i++)
            status = set(m, element, resolved[i], NULL);
    }
    return file && status == CALO_OK ? mend_file(m, element, file) : status;
}

static calo_status check_root(const calo_mjcf_mender *m)
{
    const calo_mjcf_element *root = m->mended->root;
    if (strcmp(root->name, "mujoco") == 0)
        return CALO_OK;
    if (strcmp(root->name, "robot") == 0)
        return calo_fail(m->err, CALO_ERROR_UNSUPPORTED,
                         "%s: this is a URDF file; calotype reads MJCF: convert it with MuJoCo's compile tool first",
                         m->source->path);
    return calo_fail(m->err, CALO_ERROR_FORMAT, "%s: the root element of an MJCF file is <mujoco>, not <%s>",
                     m->source->path, root->name);
}

static calo_status make_texture_list(const calo_mjcf_mender *m)
{
    calo_mjcf_mended *mended = m->mended;
    uint32_t count = 0;
    for (calo_mjcf_element *e = mended->root; e; e = calo_mjcf_xml_next(mended->root, e))
        count += strcmp(e->name, "texture") == 0;
    mended->texture_names = CALO_ARENA_TAKE(&mended->arena, const char *, count, "textures", m->err);
    mended->texture_missing = CALO_ARENA_TAKE(&mended->arena, bool, count, "textures", m->err);
    return mended->texture_names && mended->texture_missing ? CALO_OK : calo_failed(m->err);
}

calo_status calo_mjcf_mend(const calo_import_source *source, calo_mjcf_mended *mended, calo_error *err)
{
    calo_mjcf_mender m = {.source = source, .mended = mended, .err = err};
    calo_arena_init(&mended->arena, source->limits.max_memory_bytes);
    mended->last_note = &mended->notes;
    calo_status status =
        calo_mjcf_xml_parse(source->bytes, source->size, source->path, &mended->arena, &mended->root, err);
    if (status == CALO_OK)
        status = check_root(&m);
    if (status == CALO_OK)
        status = calo_mjcf_mend_includes(&m);
    if (status == CALO_OK)
        drop_dynamics(mended->root);
    if (status == CALO_OK)
        status = stop_dynamics(&m);
    if (status == CALO_OK)
        status = decide_limits(&m);
    if (status == CALO_OK)
        status = check_copies(&m);
    if (status == CALO_OK)
        status = read_folders(&m);
    if (status == CALO_OK)
        status = make_texture_list(&m);
    for (calo_mjcf_element *e = mended->root; e && status == CALO_OK; e = calo_mjcf_xml_next(mended->root, e))
        status = mend_element(&m, e);
    return status;
}

void calo_mjcf_mended_finish(calo_mjcf_mended *mended) { calo_arena_finish(&mended->arena); }

/* ---- after MuJoCo's complaints ---- */

static calo_status mend_inertia(calo_mjcf_mended *mended, const char *complaint, calo_error *err)
{
    calo_arena *arena = &mended->arena;
    mended->compiler = calo_mjcf_xml_add(mended->root, "compiler", arena, err);
    if (!mended->compiler)
        return calo_failed(err);
    calo_status status = calo_mjcf_xml_set(mended->compiler, "balanceinertia", "true", arena, err);
    if (status == CALO_OK)
        status = calo_mjcf_xml_set(mended->compiler, "boundmass", "1e-6", arena, err);
    if (status == CALO_OK)
        status = calo_mjcf_xml_set(mended->compiler, "boundinertia", "1e-9", arena, err);
    return status == CALO_OK ? calo_mjcf_warn(mended, "mjcf-inertia", err,
                                              "masses or inertias that MuJoCo refuses are evened out, no picture needs "
                                              "them: %s",
                                              complaint)
                             : status;
}

/* What stands in quotes behind `before`; false when it does not. */
static bool quoted(const char *complaint, const char *before, char *word, size_t size)
{
    const char *at = strstr(complaint, before), *end;
    if (!at || !(end = strchr(at += strlen(before), '\'')) || (size_t)(end - at) >= size)
        return false;
    memcpy(word, at, (size_t)(end - at));
    word[end - at] = 0;
    return end > at;
}

/* Versions of MuJoCo know different attributes. */
static calo_status drop_attribute(calo_mjcf_mended *mended, const char *element, const char *attribute, bool *dropped,
                                  calo_error *err)
{
    calo_status status = CALO_OK;
    for (calo_mjcf_element *e = mended->root; e && status == CALO_OK; e = calo_mjcf_xml_next(mended->root, e))
        if (strcmp(e->name, element) == 0 && calo_mjcf_xml_get(e, attribute)) {
            status = calo_mjcf_xml_set(e, attribute, NULL, &mended->arena, err);
            *dropped = true;
        }
    return *dropped && status == CALO_OK
               ? calo_mjcf_warn(mended, "mjcf-attribute", err,
                                "this version of MuJoCo does not know the attribute \"%s\" of "
                                "<%s>: it is left out",
                                attribute, element)
               : status;
}

calo_status calo_mjcf_mend_again(calo_mjcf_mended *mended, const char *complaint, bool *changed, calo_error *err)
{
    enum { MAX_ATTRIBUTES = 32 };
    char element[64], attribute[64];
    *changed = false;
    if (!mended->compiler && (strstr(complaint, "inertia") || strstr(complaint, "mass"))) {
        *changed = true;
        return mend_inertia(mended, complaint, err);
    }
    if (mended->dropped_attributes < MAX_ATTRIBUTES &&
        quoted(complaint, "unrecognized attribute: '", attribute, sizeof attribute) &&
        quoted(complaint, "Element '", element, sizeof element)) {
        mended->dropped_attributes++;
        return drop_attribute(mended, element, attribute, changed, err);
    }
    return CALO_OK;
}
