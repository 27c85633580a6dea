/* The text of an OBJ file into lists: one pass over the bytes. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "import/obj.h"
#include "scene/build.h"

/* Lines of one kind that are left out: one warning at the end tells how many. */
typedef struct tally {
    uint64_t count, first_line;
    char word[32]; /* of the first */
} tally;

typedef struct parser {
    calo_obj *obj;
    calo_text text;
    uint64_t line;
    uint32_t object;
    int32_t material;
    uint32_t smoothing;
    bool object_used; /* elements stand in it */
    float largest_color;
    tally short_elements, unknown_words, free_forms, bad_colors;
} parser;

#define FAIL_LINE(p, status, ...) fail_line((p), (status), __LINE__, __VA_ARGS__)

static calo_status CALO_PRINTF(4, 5)
    fail_line(const parser *p, calo_status status, int source_line, const char *format, ...)
{
    char sentence[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    return calo_fail_at(p->obj->err, status, __FILE__, source_line, "%s: line %llu: %s", p->obj->source->path,
                        (unsigned long long)p->line, sentence);
}

static void count_line(const parser *p, tally *lines, const char *word, size_t length)
{
    if (lines->count++ > 0)
        return;
    lines->first_line = p->line;
    length = length < sizeof lines->word ? length : sizeof lines->word - 1;
    for (size_t i = 0; i < length; i++)
        lines->word[i] = word[i] >= ' ' && word[i] <= '~' ? word[i] : '?';
}

/* ---- memory ---- */

void *calo_obj_room(calo_obj *obj, calo_obj_array *array, size_t item_bytes)
{
    enum { FIRST_ITEMS = 64 };
    size_t capacity = array->capacity ? array->capacity * 2 : FIRST_ITEMS;
    uint64_t more = (uint64_t)(capacity - array->capacity) * item_bytes, limit = obj->source->limits.max_memory_bytes;
    if (more > limit - obj->scratch_bytes) {
        calo_fail(obj->err, CALO_ERROR_LIMIT,
                  "%s: reading it takes more than the memory limit of %llu bytes: raise it with --max-memory",
                  obj->source->path, (unsigned long long)limit);
        return NULL;
    }
    void *grown = realloc(array->items, capacity * item_bytes);
    if (!grown) {
        calo_fail_memory(obj->err, obj->source->path, capacity * item_bytes);
        return NULL;
    }
    obj->scratch_bytes += more;
    array->items = grown;
    array->capacity = capacity;
    return grown;
}

/* ---- blanks and lines ---- */

static bool is_line_end(char c) { return c == '\n' || c == '\r'; }

/* \n, \r\n or \r; the text must stand before one. */
static void take_line_end(parser *p)
{
    bool carriage_return = *p->text.at++ == '\r';
    if (carriage_return && p->text.at < p->text.end && *p->text.at == '\n')
        p->text.at++;
    p->line++;
}

/* A backslash before the line's end joins it with the next line. */
static bool take_continuation(parser *p)
{
    if (p->text.end - p->text.at < 2 || p->text.at[0] != '\\' || !is_line_end(p->text.at[1]))
        return false;
    p->text.at++;
    take_line_end(p);
    return true;
}

/* True if the statement goes on: not at the line's end, nor at a comment. */
static bool more(parser *p)
{
    do
        calo_text_skip_blanks(&p->text);
    while (take_continuation(p));
    return p->text.at < p->text.end && !is_line_end(*p->text.at) && *p->text.at != '#';
}

static void skip_statement(parser *p)
{
    while (p->text.at < p->text.end && !is_line_end(*p->text.at))
        if (!take_continuation(p))
            p->text.at++;
}

/* A path in a comment may end with a backslash: no continuation there. */
static void skip_comment(parser *p)
{
    while (p->text.at < p->text.end && !is_line_end(*p->text.at))
        p->text.at++;
}

/* The rest of the statement without the blanks around it: a name may have blanks within. */
static size_t take_name(parser *p, const char **name)
{
    calo_text_skip_blanks(&p->text);
    *name = p->text.at;
    skip_statement(p);
    size_t length = (size_t)(p->text.at - *name);
    while (length > 0 && ((*name)[length - 1] == ' ' || (*name)[length - 1] == '\t'))
        length--;
    return length;
}

/* ---- vertices ---- */

/* Up to `most` numbers; how many there were. */
static int take_floats(parser *p, float *values, int most)
{
    int count = 0;
    while (count < most && more(p) && calo_text_float(&p->text, &values[count]))
        count++;
    return count;
}

static calo_status need_floats(parser *p, const char *what, float *values, int least, int most, int *count)
{
    *count = take_floats(p, values, most);
    if (*count >= least)
        return CALO_OK;
    return FAIL_LINE(p, CALO_ERROR_FORMAT, "%s needs %d numbers, but number %d is %s", what, least, *count + 1,
                     more(p) ? "not readable" : "missing");
}

static calo_status push_floats(parser *p, calo_obj_array *array, const float *values, int count)
{
    if (array->count == INT32_MAX)
        return FAIL_LINE(p, CALO_ERROR_LIMIT, "more vertices, texture coordinates or normals than %d: split the file",
                         INT32_MAX);
    float *room = calo_obj_push(p->obj, array, (size_t)count * sizeof *room);
    if (!room)
        return CALO_ERROR_MEMORY;
    memcpy(room, values, (size_t)count * sizeof *room);
    return CALO_OK;
}

/* The color of the position that was read last; `given` NULL: it has none. */
static calo_status push_color(parser *p, const float *given)
{
    static const float none[3] = {NAN, NAN, NAN};
    calo_obj *obj = p->obj;
    calo_status status = CALO_OK;
    while (status == CALO_OK && obj->colors.count + 1 < obj->positions.count)
        status = push_floats(p, &obj->colors, none, 3);
    if (status != CALO_OK)
        return status;
    bool finite = given && isfinite(given[0]) && isfinite(given[1]) && isfinite(given[2]);
    if (given && !finite)
        count_line(p, &p->bad_colors, "v", 1);
    for (int i = 0; finite && i < 3; i++)
        p->largest_color = fmaxf(p->largest_color, given[i]);
    return push_floats(p, &obj->colors, finite ? given : none, 3);
}

/* x y z, x y z w, or x y z r g b. The weight w is for rational curves only. */
static calo_status parse_position(parser *p)
{
    float values[6];
    int count;
    calo_status status = need_floats(p, "a vertex (v)", values, 3, 6, &count);
    if (status == CALO_OK)
        status = push_floats(p, &p->obj->positions, values, 3);
    if (status == CALO_OK && (count == 6 || p->obj->colors.count > 0))
        status = push_color(p, count == 6 ? values + 3 : NULL);
    return status;
}

/* The file's v grows upwards, ours downwards. */
static calo_status parse_uv(parser *p)
{
    float values[2] = {0};
    int count;
    calo_status status = need_floats(p, "a texture coordinate (vt)", values, 1, 2, &count);
    values[1] = 1 - values[1];
    for (int i = 0; i < 2; i++)
        values[i] = isfinite(values[i]) ? values[i] : 0;
    return status == CALO_OK ? push_floats(p, &p->obj->uvs, values, 2) : status;
}

/* Unit length; one without a direction becomes 0, which the renderer takes as the face's own. */
static calo_status parse_normal(parser *p)
{
    float values[3];
    int count;
    calo_status status = need_floats(p, "a normal (vn)", values, 3, 3, &count);
    if (status != CALO_OK)
        return status;
    double x = values[0], y = values[1], z = values[2], length = sqrt(x * x + y * y + z * z);
    bool usable = isfinite(length) && length > 0;
    float unit[3] = {usable ? (float)(x / length) : 0, usable ? (float)(y / length) : 0,
                     usable ? (float)(z / length) : 0};
    return push_floats(p, &p->obj->normals, unit, 3);
}

/* ---- elements ---- */

static const char *const corner_parts[3] = {"vertex", "texture coordinate", "normal"};

/* A number of list `part`, from 1, or counted back from the list's end so far. */
static calo_status take_index(parser *p, int part, int32_t *index)
{
    calo_obj *obj = p->obj;
    const calo_obj_array *lists[3] = {&obj->positions, &obj->uvs, &obj->normals};
    int64_t number, count = (int64_t)lists[part]->count;
    if (!calo_text_integer(&p->text, &number) || number == 0 || number > INT32_MAX)
        return FAIL_LINE(p, CALO_ERROR_FORMAT, "a corner's %s number is zero, too large or not a number",
                         corner_parts[part]);
    if (number < 0 && -number > count)
        return FAIL_LINE(p, CALO_ERROR_FORMAT, "a corner names %s %lld, but only %lld stand before it",
                         corner_parts[part], (long long)number, (long long)count);
    *index = (int32_t)(number < 0 ? count + number : number - 1);
    if (*index > obj->highest[part].index)
        obj->highest[part] = (calo_obj_highest){*index, p->line};
    return CALO_OK;
}

static bool ends_corner(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\v' || c == '\f' || c == '\\' || c == '#';
}

static bool at_corner_end(const parser *p) { return p->text.at == p->text.end || ends_corner(*p->text.at); }

/* The usual v, v/vt, v//vn or v/vt/vn of plain numbers; false, and nothing taken, where a sign, a zero, a long number
 * or anything else odd stands. */
static bool take_plain_corner(parser *p, calo_obj_corner *corner)
{
    enum { MOST_DIGITS = 9 };
    int32_t numbers[3] = {0};
    const char *at = p->text.at, *end = p->text.end;
    for (int part = 0; part < 3; part++) {
        const char *digits = at;
        for (; at < end && *at >= '0' && *at <= '9' && at - digits < MOST_DIGITS; at++)
            numbers[part] = numbers[part] * 10 + (*at - '0');
        bool is_left_out = part == 1 && at == digits && at < end && *at == '/';
        if ((numbers[part] == 0 && !is_left_out) || at == end)
            return false;
        if (part == 2 || *at != '/')
            break;
        at++;
    }
    if (!ends_corner(*at))
        return false;
    p->text.at = at;
    *corner = (calo_obj_corner){numbers[0] - 1, numbers[1] - 1, numbers[2] - 1};
    for (int part = 0; part < 3; part++)
        if (numbers[part] - 1 > p->obj->highest[part].index)
            p->obj->highest[part] = (calo_obj_highest){numbers[part] - 1, p->line};
    return true;
}

/* v, v/vt, v//vn or v/vt/vn; a part after a slash may be empty. */
static calo_status parse_corner(parser *p)
{
    calo_obj_corner *corner = calo_obj_push(p->obj, &p->obj->corners, sizeof *corner);
    if (!corner)
        return CALO_ERROR_MEMORY;
    if (take_plain_corner(p, corner))
        return CALO_OK;
    *corner = (calo_obj_corner){-1, -1, -1};
    int32_t *parts[3] = {&corner->position, &corner->uv, &corner->normal};
    calo_status status = take_index(p, 0, parts[0]);
    for (int part = 1; part < 3 && status == CALO_OK && p->text.at < p->text.end && *p->text.at == '/'; part++) {
        p->text.at++;
        if (!at_corner_end(p) && *p->text.at != '/')
            status = take_index(p, part, parts[part]);
    }
    if (status == CALO_OK && !at_corner_end(p))
        status = FAIL_LINE(p, CALO_ERROR_FORMAT, "a corner must read v, v/vt, v//vn or v/vt/vn");
    return status;
}

/* Opens a new run when the state has changed since the last element. */
static calo_status continue_run(parser *p, calo_topology topology)
{
    calo_obj *obj = p->obj;
    calo_obj_run now = {(uint32_t)obj->elements.count,
                        p->object,
                        p->material,
                        topology == CALO_TRIANGLES ? p->smoothing : 0,
                        topology,
                        UINT32_MAX};
    if (obj->runs.count > 0) {
        const calo_obj_run *last = (calo_obj_run *)obj->runs.items + obj->runs.count - 1;
        if (last->object == now.object && last->material == now.material && last->smoothing == now.smoothing &&
            last->topology == now.topology)
            return CALO_OK;
    }
    calo_obj_run *run = calo_obj_push(obj, &obj->runs, sizeof *run);
    if (!run)
        return CALO_ERROR_MEMORY;
    *run = now;
    return CALO_OK;
}

static calo_status parse_element(parser *p, calo_topology topology, size_t least_corners)
{
    calo_obj *obj = p->obj;
    size_t first = obj->corners.count;
    while (more(p)) {
        calo_status status = parse_corner(p);
        if (status != CALO_OK)
            return status;
    }
    if (obj->corners.count > INT32_MAX)
        return FAIL_LINE(p, CALO_ERROR_LIMIT, "more corners of faces than %d: split the file", INT32_MAX);
    if (obj->corners.count - first < least_corners) {
        count_line(p, &p->short_elements, topology == CALO_TRIANGLES ? "f" : "l", 1);
        obj->corners.count = first;
        return CALO_OK;
    }
    calo_status status = continue_run(p, topology);
    uint32_t *element = status == CALO_OK ? calo_obj_push(obj, &obj->elements, sizeof *element) : NULL;
    if (!element)
        return CALO_ERROR_MEMORY;
    *element = (uint32_t)first;
    p->object_used = true;
    return CALO_OK;
}

/* ---- state ---- */

/* Like Blender: a name that comes before any element names the object at hand; smoothing ends. */
static calo_status parse_object(parser *p)
{
    calo_obj *obj = p->obj;
    const char *name, **objects = obj->objects.items;
    size_t length = take_name(p, &name);
    const char *copy = calo_arena_text(&obj->scratch, name, length, obj->err);
    if (!copy)
        return CALO_ERROR_MEMORY;
    p->smoothing = 0;
    if (!p->object_used) {
        objects[p->object] = copy;
        return CALO_OK;
    }
    const char **object = calo_obj_push(obj, &obj->objects, sizeof *object);
    if (!object)
        return CALO_ERROR_MEMORY;
    *object = copy;
    p->object++;
    p->object_used = false;
    return CALO_OK;
}

static calo_status parse_material(parser *p)
{
    const char *name;
    size_t length = take_name(p, &name);
    p->material = -1;
    if (length == 0)
        return CALO_OK;
    p->material = calo_obj_names_add(&p->obj->materials, &p->obj->scratch, name, length, p->obj->err);
    return p->material < 0 ? CALO_ERROR_MEMORY : CALO_OK;
}

static calo_status parse_library(parser *p)
{
    const char *name;
    size_t length = take_name(p, &name);
    if (length == 0)
        return CALO_OK;
    int32_t library = calo_obj_names_add(&p->obj->libraries, &p->obj->scratch, name, length, p->obj->err);
    return library < 0 ? CALO_ERROR_MEMORY : CALO_OK;
}

/* "off" and 0 end smoothing; other words, as some programs write them, are group 1. */
static void parse_smoothing(parser *p)
{
    const char *name;
    size_t length = take_name(p, &name);
    calo_text text = {name, name + length};
    int64_t group;
    if (calo_text_integer(&text, &group))
        p->smoothing = (uint32_t)group;
    else
        p->smoothing = length == 0 || (length == 3 && strncmp(name, "off", 3) == 0) ? 0 : 1;
}

/* ---- statements ---- */

static bool is_word(const char *word, size_t length, const char *const *list)
{
    for (; *list; list++)
        if (strlen(*list) == length && memcmp(*list, word, length) == 0)
            return true;
    return false;
}

static void skip_other(parser *p, const char *word, size_t length)
{
    /* Groups are not objects in Blender's import, and have no effect on the picture here. */
    static const char *const without_effect[] = {
        "g",         "mg", "bevel", "c_interp", "d_interp", "lod",    "maplib", "usemap", "shadow_obj",
        "trace_obj", "vp", "deg",   "bmat",     "step",     "cstype", "parm",   "trim",   "hole",
        "scrv",      "sp", "end",   "con",      "ctech",    "stech",  NULL};
    static const char *const free_forms[] = {"curv", "curv2", "surf", NULL};
    if (is_word(word, length, free_forms))
        count_line(p, &p->free_forms, word, length);
    else if (!is_word(word, length, without_effect))
        count_line(p, &p->unknown_words, word, length);
    skip_statement(p);
}

static calo_status parse_statement(parser *p)
{
    const char *word;
    size_t length = calo_text_word(&p->text, &word);
    if (length == 1 && *word == 'v')
        return parse_position(p);
    if (length == 1 && *word == 'f')
        return parse_element(p, CALO_TRIANGLES, 3);
    if (length == 2 && word[0] == 'v' && word[1] == 't')
        return parse_uv(p);
    if (length == 2 && word[0] == 'v' && word[1] == 'n')
        return parse_normal(p);
    if (length == 1 && *word == 'l')
        return parse_element(p, CALO_LINES, 2);
    if (length == 1 && *word == 'p')
        return parse_element(p, CALO_POINTS, 1);
    if (length == 1 && *word == 'o')
        return parse_object(p);
    if (length == 6 && memcmp(word, "usemtl", 6) == 0)
        return parse_material(p);
    if (length == 6 && memcmp(word, "mtllib", 6) == 0)
        return parse_library(p);
    if (length == 2 && memcmp(word, "fo", 2) == 0) /* an older word for f */
        return parse_element(p, CALO_TRIANGLES, 3);
    if (length == 1 && *word == 's')
        parse_smoothing(p);
    else
        skip_other(p, word, length);
    return CALO_OK;
}

static calo_status parse_lines(parser *p)
{
    while (p->text.at < p->text.end) {
        calo_status status = CALO_OK;
        calo_text_skip_blanks(&p->text);
        if (p->text.at < p->text.end && *p->text.at != '#' && !is_line_end(*p->text.at))
            status = parse_statement(p);
        if (status != CALO_OK)
            return status;
        skip_comment(p);
        if (p->text.at < p->text.end)
            take_line_end(p);
    }
    return CALO_OK;
}

/* ---- after the last line ---- */

/* Numbers of a list that the file does not have at all are dropped, as Blender does for normals. */
static void drop_part(calo_obj *obj, int part)
{
    calo_obj_corner *corners = obj->corners.items;
    for (size_t i = 0; i < obj->corners.count; i++)
        *(part == 1 ? &corners[i].uv : &corners[i].normal) = -1;
    calo_scene_warn(obj->scene, "missing-attribute", "line %llu: faces name %ss, but the file has none: left out",
                    (unsigned long long)obj->highest[part].line, corner_parts[part]);
}

static calo_status check_highest(parser *p)
{
    calo_obj *obj = p->obj;
    const calo_obj_array *lists[3] = {&obj->positions, &obj->uvs, &obj->normals};
    for (int part = 0; part < 3; part++) {
        if (obj->highest[part].index < (int64_t)lists[part]->count)
            continue;
        if (part > 0 && lists[part]->count == 0) {
            drop_part(obj, part);
            continue;
        }
        p->line = obj->highest[part].line;
        return FAIL_LINE(p, CALO_ERROR_FORMAT, "a corner names %s %lld, but the file has only %zu", corner_parts[part],
                         (long long)obj->highest[part].index + 1, lists[part]->count);
    }
    return CALO_OK;
}

/* Some programs write 0 to 255. */
static void scale_colors(parser *p)
{
    float *colors = p->obj->colors.items;
    if (p->largest_color <= 2)
        return;
    for (size_t i = 0; i < p->obj->colors.count * 3; i++)
        colors[i] /= 255;
    calo_scene_warn(p->obj->scene, "color-range",
                    "the largest vertex color is %g: all are taken as 0 to 255 instead of 0 to 1",
                    (double)p->largest_color);
}

static void warn_tallies(const parser *p)
{
    calo_scene *scene = p->obj->scene;
#define TALLY(lines) (unsigned long long)(lines).count, (unsigned long long)(lines).first_line, (lines).word
    if (p->short_elements.count)
        calo_scene_warn(scene, "short-face",
                        "faces or lines with too few corners: %llu, the first in line %llu (%s): left out",
                        TALLY(p->short_elements));
    if (p->unknown_words.count)
        calo_scene_warn(scene, "unknown-statement",
                        "lines that begin with a word that OBJ does not have: %llu, the first is line %llu (\"%s\"): "
                        "left out",
                        TALLY(p->unknown_words));
    if (p->free_forms.count)
        calo_scene_warn(
            scene, "free-form",
            "free-form curves or surfaces, which are not drawn: %llu, the first in line %llu (%s): left out",
            TALLY(p->free_forms));
    if (p->bad_colors.count)
        calo_scene_warn(scene, "bad-colors",
                        "vertex colors that are not finite: %llu, the first in line %llu (%s): white is used",
                        TALLY(p->bad_colors));
#undef TALLY
}

calo_status calo_obj_parse(calo_obj *obj)
{
    const char *start = (const char *)obj->source->bytes;
    parser p = {.obj = obj, .text = {start, start + obj->source->size}, .line = 1, .material = -1};
    if (obj->source->size >= 3 && memcmp(start, "\xef\xbb\xbf", 3) == 0)
        p.text.at += 3; /* UTF-8's byte order mark */
    for (int part = 0; part < 3; part++)
        obj->highest[part].index = -1;
    const char **unnamed = calo_obj_push(obj, &obj->objects, sizeof *unnamed);
    if (!unnamed)
        return CALO_ERROR_MEMORY;
    *unnamed = "";
    calo_status status = parse_lines(&p);
    if (status == CALO_OK)
        status = check_highest(&p);
    if (status != CALO_OK)
        return status;
    scale_colors(&p);
    warn_tallies(&p);
    return CALO_OK;
}
