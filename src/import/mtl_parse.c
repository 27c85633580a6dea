/* The text of a material library into materials as written. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/text.h"
#include "import/mtl.h"
#include "scene/build.h"

typedef enum statement {
    STATEMENT_NONE, /* read, but without effect: as in Blender, or where only ray tracers need it */
    STATEMENT_COLOR,
    STATEMENT_NUMBER,
    STATEMENT_ILLUMINATION,
    STATEMENT_MAP,
    STATEMENT_UNSUPPORTED, /* would change the picture: worth a warning */
} statement;

typedef struct known_word {
    const char *text; /* upper and lower case are the same */
    statement statement;
    size_t offset; /* of the color or number in calo_mtl_material */
    calo_mtl_map_kind map;
} known_word;

#define AT(member) offsetof(calo_mtl_material, member)

static const known_word words[] = {
    {"Kd", STATEMENT_COLOR, AT(diffuse), 0},
    {"Ka", STATEMENT_COLOR, AT(ambient), 0},
    {"Ks", STATEMENT_COLOR, AT(specular), 0},
    {"Ke", STATEMENT_COLOR, AT(emissive), 0},
    {"Ns", STATEMENT_NUMBER, AT(exponent), 0},
    {"d", STATEMENT_NUMBER, AT(dissolve), 0},
    {"Tr", STATEMENT_NUMBER, AT(transparency), 0},
    {"Pr", STATEMENT_NUMBER, AT(roughness), 0},
    {"Pm", STATEMENT_NUMBER, AT(metallic), 0},
    {"illum", STATEMENT_ILLUMINATION, 0, 0},
    {"map_Kd", STATEMENT_MAP, 0, CALO_MTL_DIFFUSE},
    {"map_Ks", STATEMENT_MAP, 0, CALO_MTL_SPECULAR},
    {"map_Ns", STATEMENT_MAP, 0, CALO_MTL_EXPONENT},
    {"map_d", STATEMENT_MAP, 0, CALO_MTL_DISSOLVE},
    {"map_Ke", STATEMENT_MAP, 0, CALO_MTL_EMISSIVE},
    {"map_Bump", STATEMENT_MAP, 0, CALO_MTL_NORMAL},
    {"bump", STATEMENT_MAP, 0, CALO_MTL_NORMAL},
    {"norm", STATEMENT_MAP, 0, CALO_MTL_NORMAL},
    {"map_Pr", STATEMENT_MAP, 0, CALO_MTL_ROUGHNESS},
    {"map_Pm", STATEMENT_MAP, 0, CALO_MTL_METALLIC},
    {"map_Ka", STATEMENT_NONE, 0, 0},
    {"map_aat", STATEMENT_NONE, 0, 0},
    {"Ni", STATEMENT_NONE, 0, 0},
    {"Tf", STATEMENT_NONE, 0, 0},
    {"Km", STATEMENT_NONE, 0, 0},
    {"sharpness", STATEMENT_NONE, 0, 0},
    {"aniso", STATEMENT_NONE, 0, 0},
    {"anisor", STATEMENT_NONE, 0, 0},
    {"Ps", STATEMENT_NONE, 0, 0},
    {"Pc", STATEMENT_NONE, 0, 0},
    {"Pcr", STATEMENT_NONE, 0, 0},
    {"map_Ps", STATEMENT_UNSUPPORTED, 0, 0},
    {"map_Pc", STATEMENT_UNSUPPORTED, 0, 0},
    {"map_Pcr", STATEMENT_UNSUPPORTED, 0, 0},
    {"disp", STATEMENT_UNSUPPORTED, 0, 0},
    {"map_disp", STATEMENT_UNSUPPORTED, 0, 0},
    {"decal", STATEMENT_UNSUPPORTED, 0, 0},
    {"refl", STATEMENT_UNSUPPORTED, 0, 0},
    {"map_refl", STATEMENT_UNSUPPORTED, 0, 0},
};
enum { WORD_COUNT = sizeof words / sizeof words[0] };

typedef struct parser {
    calo_obj *obj;
    calo_mtl_library *library;
    const char *link;
    calo_text line;
    uint64_t line_number;
    int32_t material;      /* at hand, -1: none yet, or one that is left out */
    uint64_t warned_words; /* bits: a warning a word and library is enough */
    uint64_t unknown_count;
} parser;

_Static_assert(WORD_COUNT <= 64, "warned_words has a bit a word");

static bool is_text(const char *text, const char *start, size_t length)
{
    return strlen(text) == length && strncasecmp(text, start, length) == 0;
}

/* The rest of the line without the blanks and quotes around it. */
static size_t rest_of_line(calo_text line, const char **text)
{
    calo_text_skip_blanks(&line);
    while (line.end > line.at && (line.end[-1] == ' ' || line.end[-1] == '\t'))
        line.end--;
    if (line.end - line.at >= 2 && *line.at == '"' && line.end[-1] == '"') {
        line.at++;
        line.end--;
    }
    *text = line.at;
    return (size_t)(line.end - line.at);
}

static calo_mtl_material *material_at_hand(const parser *p)
{
    return p->material < 0 ? NULL : (calo_mtl_material *)p->library->materials.items + p->material;
}

/* ---- materials ---- */

static calo_mtl_material empty_material(const char *link)
{
    calo_mtl_material material = {
        .library = link,
        .diffuse = {-1, -1, -1},
        .ambient = {-1, -1, -1},
        .specular = {-1, -1, -1},
        .emissive = {-1, -1, -1},
        .exponent = -1,
        .dissolve = -1,
        .transparency = -1,
        .roughness = -1,
        .metallic = -1,
        .illumination = -1,
    };
    return material;
}

static calo_status begin_material(parser *p)
{
    const char *name;
    size_t length = rest_of_line(p->line, &name);
    calo_obj_names *names = &p->library->names;
    p->material = -1;
    if (calo_obj_names_find(names, name, length) >= 0) {
        calo_scene_warn(p->obj->scene, "duplicate-material",
                        "%s: line %llu: the material \"%.*s\" is there already: the first one is used", p->link,
                        (unsigned long long)p->line_number, (int)(length < 200 ? length : 200), name);
        return CALO_OK;
    }
    calo_mtl_material *material = calo_obj_push(p->obj, &p->library->materials, sizeof *material);
    if (!material)
        return CALO_ERROR_MEMORY;
    *material = empty_material(p->link);
    p->material = calo_obj_names_add(names, &p->obj->scratch, name, length, p->obj->err);
    return p->material < 0 ? CALO_ERROR_MEMORY : CALO_OK;
}

static void warn_value(const parser *p, const char *name)
{
    calo_scene_warn(p->obj->scene, "bad-material-value", "%s: line %llu: %s has no usable number: left out", p->link,
                    (unsigned long long)p->line_number, name);
}

/* One number stands for all three. Spectral and CIE XYZ colors are words, not numbers. */
static void parse_color(parser *p, const known_word *word, calo_mtl_material *material)
{
    float values[3];
    int count = 0;
    while (count < 3 && calo_text_float(&p->line, &values[count]) && isfinite(values[count]))
        count++;
    if (count == 0) {
        warn_value(p, word->text);
        return;
    }
    float *color = (float *)(void *)((char *)material + word->offset);
    for (int i = 0; i < 3; i++)
        color[i] = fmaxf(0, i < count ? values[i] : values[count - 1]);
}

static void parse_number(parser *p, const known_word *word, calo_mtl_material *material)
{
    float value;
    calo_text line = p->line;
    const char *option;
    /* "d -halo 0.5": as thin as it is seen at the edges; taken as plain. */
    if (calo_text_word(&line, &option) == 5 && memcmp(option, "-halo", 5) == 0)
        p->line = line;
    if (!calo_text_float(&p->line, &value) || !isfinite(value))
        warn_value(p, word->text);
    else
        *(float *)(void *)((char *)material + word->offset) = fmaxf(0, value);
}

static void parse_illumination(parser *p, const known_word *word, calo_mtl_material *material)
{
    if (!calo_text_integer(&p->line, &material->illumination))
        warn_value(p, word->text);
}

/* ---- maps ---- */

/* Up to three numbers that are whole words: a file name may begin with a digit. */
static int take_numbers(parser *p, float values[3])
{
    int count = 0;
    while (count < 3) {
        calo_text ahead = p->line;
        float value;
        if (!calo_text_float(&ahead, &value) || (ahead.at < ahead.end && *ahead.at != ' ' && *ahead.at != '\t'))
            break;
        values[count++] = isfinite(value) ? value : 0;
        p->line = ahead;
    }
    return count;
}

static void warn_option(const parser *p, const char *option)
{
    calo_scene_warn(p->obj->scene, "unsupported-map-option",
                    "%s: line %llu: the option %s of a map is not supported: left out", p->link,
                    (unsigned long long)p->line_number, option);
}

static bool take_switch(parser *p)
{
    const char *value;
    size_t length = calo_text_word(&p->line, &value);
    return is_text("on", value, length);
}

/* One option and its values; false: the file's name begins here. */
static bool parse_option(parser *p, calo_mtl_map *map)
{
    calo_text start = p->line;
    const char *option, *value;
    float values[3] = {0};
    size_t length = calo_text_word(&p->line, &option);
    if (is_text("-s", option, length) || is_text("-o", option, length)) {
        float *target = is_text("-s", option, length) ? map->scale : map->offset;
        int count = take_numbers(p, values);
        for (int i = 0; i < count && i < 2; i++)
            target[i] = values[i];
    } else if (is_text("-bm", option, length)) {
        if (take_numbers(p, values))
            map->bump = values[0];
    } else if (is_text("-clamp", option, length)) {
        map->clamp = take_switch(p);
    } else if (is_text("-imfchan", option, length)) {
        map->channel = calo_text_word(&p->line, &value) ? *value : 0;
    } else if (is_text("-mm", option, length)) {
        if (take_numbers(p, values) && (values[0] != 0 || values[1] != 1))
            warn_option(p, "-mm");
    } else if (is_text("-t", option, length)) {
        if (take_numbers(p, values) && (values[0] != 0 || values[1] != 0 || values[2] != 0))
            warn_option(p, "-t");
    } else if (is_text("-cc", option, length)) {
        if (take_switch(p))
            warn_option(p, "-cc");
    } else if (is_text("-type", option, length)) {
        calo_text_word(&p->line, &value);
        warn_option(p, "-type");
    } else if (is_text("-boost", option, length) || is_text("-texres", option, length)) {
        take_numbers(p, values); /* about a renderer's filter */
    } else if (is_text("-blendu", option, length) || is_text("-blendv", option, length)) {
        take_switch(p); /* the same */
    } else {
        p->line = start;
        return false;
    }
    return true;
}

static calo_status parse_map(parser *p, const known_word *word, calo_mtl_material *material)
{
    calo_mtl_map map = {.scale = {1, 1}, .bump = 1};
    while (parse_option(p, &map))
        continue;
    const char *name;
    size_t length = rest_of_line(p->line, &name);
    if (length == 0)
        return CALO_OK; /* some programs write the word for a map that is not there */
    map.name = calo_arena_text(&p->obj->scratch, name, length, p->obj->err);
    material->maps[word->map] = map;
    return map.name ? CALO_OK : CALO_ERROR_MEMORY;
}

/* ---- lines ---- */

static calo_status parse_word(parser *p, const known_word *word)
{
    calo_mtl_material *material = material_at_hand(p);
    if (!material)
        return CALO_OK;
    uint64_t bit = 1ull << (word - words);
    switch (word->statement) {
    case STATEMENT_NONE: break;
    case STATEMENT_COLOR: parse_color(p, word, material); break;
    case STATEMENT_NUMBER: parse_number(p, word, material); break;
    case STATEMENT_ILLUMINATION: parse_illumination(p, word, material); break;
    case STATEMENT_MAP: return parse_map(p, word, material);
    case STATEMENT_UNSUPPORTED:
        if (!(p->warned_words & bit))
            calo_scene_warn(p->obj->scene, "unsupported-map", "%s: line %llu: %s is not supported: left out", p->link,
                            (unsigned long long)p->line_number, word->text);
        p->warned_words |= bit;
        break;
    }
    return CALO_OK;
}

static calo_status parse_line(parser *p)
{
    const char *text;
    size_t length = calo_text_word(&p->line, &text);
    if (length == 0 || *text == '#')
        return CALO_OK;
    if (is_text("newmtl", text, length))
        return begin_material(p);
    for (size_t i = 0; i < WORD_COUNT; i++)
        if (is_text(words[i].text, text, length))
            return parse_word(p, &words[i]);
    p->unknown_count++;
    return CALO_OK;
}

calo_status calo_mtl_parse(calo_obj *obj, calo_mtl_library *library, const char *link, const char *bytes, size_t size)
{
    parser p = {.obj = obj, .library = library, .link = link, .material = -1};
    calo_text text = {bytes, bytes + size};
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        text.at += 3; /* UTF-8's byte order mark */
    calo_status status = CALO_OK;
    while (status == CALO_OK && calo_text_line(&text, &p.line)) {
        p.line_number++;
        status = parse_line(&p);
    }
    if (p.unknown_count)
        calo_scene_warn(obj->scene, "unknown-statement",
                        "%s: lines that begin with a word that material libraries do not have: %llu: left out", link,
                        (unsigned long long)p.unknown_count);
    return status;
}
