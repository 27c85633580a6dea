/* Textures: those whose files are not there become white, and so do those that are no PNG though they say so. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/file.h"
#include "base/reader.h"
#include "import/mjcf/mend.h"

static const char *const file_attributes[] = {"file",     "fileright", "fileleft", "fileup",
                                              "filedown", "filefront", "fileback"};
enum { FILE_ATTRIBUTES = sizeof file_attributes / sizeof file_attributes[0] };

static calo_status set(const calo_mjcf_mender *m, calo_mjcf_element *element, const char *name, const char *value)
{
    return calo_mjcf_xml_set(element, name, value, &m->mended->arena, m->err);
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcasecmp(text + length - tail, end) == 0;
}

/* ---- sizes: MuJoCo decodes whatever it is given ---- */

static calo_status count_texels(calo_mjcf_mender *m, const calo_mjcf_element *e, int64_t width, int64_t height)
{
    uint32_t side = m->source->limits.max_texture_pixels;
    int64_t longest = calo_mjcf_xml_get(e, "file") ? side : 6 * (int64_t)side; /* a cube's faces below each other */
    if (width > side || height > longest)
        return calo_fail(m->err, CALO_ERROR_LIMIT,
                         "%s: line %llu: a texture of %lld x %lld texels is over the limit of %u a side: raise it with "
                         "--max-texture or shrink the texture",
                         e->file, (unsigned long long)e->line, (long long)width, (long long)height, side);
    m->texture_bytes += width > 0 && height > 0 ? 3 * (uint64_t)width * (uint64_t)height : 0;
    if (m->texture_bytes > m->source->limits.max_memory_bytes || m->texture_bytes > INT32_MAX)
        return calo_fail(m->err, CALO_ERROR_LIMIT,
                         "%s: line %llu: the textures up to this one take %llu bytes, more than is allowed", e->file,
                         (unsigned long long)e->line, (unsigned long long)m->texture_bytes);
    return CALO_OK;
}

/* The size that a PNG's first chunk tells. False when it is no PNG. */
static bool read_png_size(const calo_file *file, int64_t *width, int64_t *height)
{
    static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    enum { SIZE_OFFSET = 16, SIZE_END = 24 };
    if (file->size < SIZE_END || memcmp(file->bytes, signature, sizeof signature) != 0)
        return false;
    const uint8_t *at = file->bytes + SIZE_OFFSET;
    *width = (int64_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
    *height = (int64_t)at[4] << 24 | at[5] << 16 | at[6] << 8 | at[7];
    return true;
}

/* ---- files ---- */

calo_status calo_mjcf_mend_picture(calo_mjcf_mender *m, const calo_mjcf_element *e, const char *path, calo_error *why)
{
    calo_file file = {0};
    int64_t width, height;
    calo_status status = calo_file_read(path, m->source->limits.max_file_bytes, &file, why);
    if (status == CALO_OK && ends_with(path, ".png")) {
        if (!read_png_size(&file, &width, &height))
            status = calo_fail(why, CALO_ERROR_FORMAT, "%s: this is not a PNG file", path);
        else if (count_texels(m, e, width, height) != CALO_OK)
            status = CALO_ERROR_LIMIT; /* told in the mender's error */
    }
    calo_file_finish(&file);
    return status;
}

static const char *warning_id(calo_status status)
{
    return status == CALO_ERROR_NOT_FOUND     ? "missing-texture"
           : status == CALO_ERROR_UNSUPPORTED ? "outside-path"
                                              : "bad-texture";
}

/* The absolute path takes the name's place; `*usable` becomes false when there is nothing to be read. */
static calo_status resolve_file(calo_mjcf_mender *m, calo_mjcf_element *e, const char *attribute, bool *usable)
{
    const char *name = calo_mjcf_xml_get(e, attribute);
    calo_error why = {0};
    char *path = NULL;
    if (!name)
        return CALO_OK;
    calo_status found = calo_mjcf_mend_path(m, m->texture_folder, name, &path, &why);
    if (found == CALO_OK)
        found = calo_mjcf_mend_picture(m, e, path, &why);
    calo_status status = CALO_OK;
    if (found == CALO_ERROR_LIMIT || found == CALO_ERROR_MEMORY) {
        status = m->err && m->err->status ? found : calo_fail(m->err, found, "%s", why.message);
    } else if (found != CALO_OK) {
        *usable = false;
        status = calo_mjcf_warn(m->mended, warning_id(found), m->err,
                                "a texture cannot be read (white stands in for it): %s", why.message);
    } else {
        status = calo_mjcf_mend_set_path(m, e, attribute, path);
        if (status == CALO_OK)
            status = calo_mjcf_mend_linked(m, name);
    }
    free(path);
    return status;
}

/* MuJoCo names a texture by its file when it has no name of its own. */
static calo_status keep_name(calo_mjcf_mender *m, calo_mjcf_element *e, const char **kept)
{
    const char *name = calo_mjcf_xml_get(e, "name"), *file = calo_mjcf_xml_get(e, "file");
    calo_status status = CALO_OK;
    if (!name && file) {
        const char *base = calo_path_name(file), *dot = strrchr(base, '.');
        const char *stem = calo_arena_text(&m->mended->arena, base, dot ? (size_t)(dot - base) : strlen(base), m->err);
        status = stem ? set(m, e, "name", stem) : calo_failed(m->err);
        name = stem;
    }
    *kept = name ? name : "";
    return status;
}

static calo_status make_white(const calo_mjcf_mender *m, calo_mjcf_element *e)
{
    static const char *const dropped[] = {"gridsize",     "gridlayout", "mark",  "markrgb", "random",
                                          "content_type", "hflip",      "vflip", "nchannel"};
    const char *type = calo_mjcf_xml_get(e, "type");
    bool flat = type && strcmp(type, "2d") == 0;
    const char *const set_to[][2] = {
        {"builtin", "flat"}, {"rgb1", "1 1 1"}, {"rgb2", "1 1 1"}, {"width", "1"}, {"height", flat ? "1" : "6"},
    };
    calo_status status = CALO_OK;
    for (int i = 0; i < FILE_ATTRIBUTES && status == CALO_OK; i++)
        status = set(m, e, file_attributes[i], NULL);
    for (size_t i = 0; i < sizeof dropped / sizeof dropped[0] && status == CALO_OK; i++)
        status = set(m, e, dropped[i], NULL);
    for (size_t i = 0; i < sizeof set_to / sizeof set_to[0] && status == CALO_OK; i++)
        status = set(m, e, set_to[i][0], set_to[i][1]);
    return status;
}

/* ---- the layout of a cube's faces in one picture ---- */

/* MuJoCo wants a letter a cell; what is more never had a meaning. */
static calo_status cut_layout(const calo_mjcf_mender *m, calo_mjcf_element *e)
{
    const char *layout = calo_mjcf_xml_get(e, "gridlayout"), *size = calo_mjcf_xml_get(e, "gridsize");
    long rows = 1, columns = 1;
    char *end;
    if (!layout)
        return CALO_OK;
    if (size) {
        rows = strtol(size, &end, 10);
        columns = strtol(end, NULL, 10);
    }
    if (rows < 1 || columns < 1 || rows > 12 || columns > 12 || strlen(layout) <= (size_t)(rows * columns))
        return CALO_OK; /* MuJoCo has a word for what is wrong there */
    const char *cut = calo_arena_text(&m->mended->arena, layout, (size_t)(rows * columns), m->err);
    calo_status status = cut ? set(m, e, "gridlayout", cut) : calo_failed(m->err);
    return status == CALO_OK ? calo_mjcf_warn(m->mended, "mjcf-gridlayout", m->err,
                                              "a gridlayout of \"%s\" is too long for a grid of %ld x %ld: \"%s\" "
                                              "is used",
                                              layout, rows, columns, cut)
                             : status;
}

calo_status calo_mjcf_mend_texture(calo_mjcf_mender *m, calo_mjcf_element *e)
{
    calo_mjcf_mended *mended = m->mended;
    uint32_t index = mended->texture_count++;
    bool usable = true;
    calo_status status = keep_name(m, e, &mended->texture_names[index]);
    if (status == CALO_OK)
        status = cut_layout(m, e);
    for (int i = 0; i < FILE_ATTRIBUTES && status == CALO_OK; i++)
        status = resolve_file(m, e, file_attributes[i], &usable);
    if (status == CALO_OK && !usable)
        status = make_white(m, e);
    else if (status == CALO_OK && calo_mjcf_xml_get(e, "builtin"))
        status = count_texels(m, e, calo_mjcf_xml_integer(e, "width"), calo_mjcf_xml_integer(e, "height"));
    mended->texture_missing[index] = !usable;
    return status;
}
