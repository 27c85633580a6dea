#include "import/ply.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

typedef struct header_reader {
    const calo_import_source *source;
    calo_ply_header *header;
    size_t line_number;
    bool has_format;
} header_reader;

#define FAIL_LINE(reader, err, format, ...) \
    calo_fail((err), CALO_ERROR_FORMAT, "%s: header line %zu: " format, (reader)->source->path, \
              (reader)->line_number, __VA_ARGS__)

size_t calo_ply_type_bytes(calo_ply_type type)
{
    static const size_t bytes[CALO_PLY_TYPE_COUNT] = {1, 1, 2, 2, 4, 4, 4, 8};
    return bytes[type];
}

static bool is_word(const char *word, size_t length, const char *wanted)
{
    return length == strlen(wanted) && memcmp(word, wanted, length) == 0;
}

static bool type_of(const char *word, size_t length, calo_ply_type *type)
{
    static const struct {
        const char *name;
        calo_ply_type type;
    } names[] = {
        {"char", CALO_PLY_INT8},     {"int8", CALO_PLY_INT8},       {"uchar", CALO_PLY_UINT8},
        {"uint8", CALO_PLY_UINT8},   {"short", CALO_PLY_INT16},     {"int16", CALO_PLY_INT16},
        {"ushort", CALO_PLY_UINT16}, {"uint16", CALO_PLY_UINT16},   {"int", CALO_PLY_INT32},
        {"int32", CALO_PLY_INT32},   {"uint", CALO_PLY_UINT32},     {"uint32", CALO_PLY_UINT32},
        {"float", CALO_PLY_FLOAT32}, {"float32", CALO_PLY_FLOAT32}, {"double", CALO_PLY_FLOAT64},
        {"float64", CALO_PLY_FLOAT64},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (is_word(word, length, names[i].name)) {
            *type = names[i].type;
            return true;
        }
    return false;
}

static calo_ply_role role_of(const char *element, const calo_ply_property *property)
{
    static const struct {
        const char *element, *name;
        bool is_list;
        calo_ply_role role;
    } roles[] = {
        {"vertex", "x", false, CALO_PLY_X},
        {"vertex", "y", false, CALO_PLY_Y},
        {"vertex", "z", false, CALO_PLY_Z},
        {"vertex", "nx", false, CALO_PLY_NORMAL_X},
        {"vertex", "ny", false, CALO_PLY_NORMAL_Y},
        {"vertex", "nz", false, CALO_PLY_NORMAL_Z},
        {"vertex", "s", false, CALO_PLY_U},
        {"vertex", "t", false, CALO_PLY_V},
        {"vertex", "u", false, CALO_PLY_U},
        {"vertex", "v", false, CALO_PLY_V},
        {"vertex", "texture_u", false, CALO_PLY_U},
        {"vertex", "texture_v", false, CALO_PLY_V},
        {"", "red", false, CALO_PLY_RED},
        {"", "green", false, CALO_PLY_GREEN},
        {"", "blue", false, CALO_PLY_BLUE},
        {"", "alpha", false, CALO_PLY_ALPHA},
        {"", "r", false, CALO_PLY_RED},
        {"", "g", false, CALO_PLY_GREEN},
        {"", "b", false, CALO_PLY_BLUE},
        {"", "a", false, CALO_PLY_ALPHA},
        {"", "diffuse_red", false, CALO_PLY_RED},
        {"", "diffuse_green", false, CALO_PLY_GREEN},
        {"", "diffuse_blue", false, CALO_PLY_BLUE},
        {"face", "vertex_indices", true, CALO_PLY_INDICES},
        {"face", "vertex_index", true, CALO_PLY_INDICES},
        {"face", "texcoord", true, CALO_PLY_TEXCOORDS},
        {"tristrips", "vertex_indices", true, CALO_PLY_INDICES},
        {"tristrips", "vertex_index", true, CALO_PLY_INDICES},
        {"edge", "vertex1", false, CALO_PLY_VERTEX1},
        {"edge", "vertex2", false, CALO_PLY_VERTEX2},
    };
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
        if (roles[i].is_list == property->is_list && strcmp(roles[i].name, property->name) == 0 &&
            (roles[i].element[0] == 0 || strcmp(roles[i].element, element) == 0))
            return roles[i].role;
    return CALO_PLY_NO_ROLE;
}

static calo_status take_name(header_reader *reader, calo_text *line, char name[CALO_PLY_NAME_BYTES], calo_error *err)
{
    const char *word;
    size_t length = calo_text_word(line, &word);
    if (length == 0)
        return FAIL_LINE(reader, err, "a %s is missing", "name");
    snprintf(name, CALO_PLY_NAME_BYTES, "%.*s", (int)(length < CALO_PLY_NAME_BYTES ? length : CALO_PLY_NAME_BYTES),
             word);
    return CALO_OK;
}

static calo_status take_type(header_reader *reader, calo_text *line, calo_ply_type *type, calo_error *err)
{
    const char *word;
    size_t length = calo_text_word(line, &word);
    if (type_of(word, length, type))
        return CALO_OK;
    return FAIL_LINE(reader, err, "\"%.*s\" is not a type of PLY", (int)(length < 40 ? length : 40), word);
}

static calo_status take_format(header_reader *reader, calo_text *line, calo_error *err)
{
    const char *word;
    size_t length = calo_text_word(line, &word);
    reader->has_format = true;
    reader->header->ascii = is_word(word, length, "ascii");
    reader->header->big_endian = is_word(word, length, "binary_big_endian");
    if (reader->header->ascii || reader->header->big_endian || is_word(word, length, "binary_little_endian"))
        return CALO_OK;
    return FAIL_LINE(reader, err, "the format \"%.*s\" is none of ascii, binary_little_endian, binary_big_endian",
                     (int)(length < 40 ? length : 40), word);
}

static calo_status take_element(header_reader *reader, calo_text *line, calo_error *err)
{
    calo_ply_header *header = reader->header;
    if (header->element_count == CALO_PLY_MAX_ELEMENTS)
        return FAIL_LINE(reader, err, "more than %d elements", CALO_PLY_MAX_ELEMENTS);
    calo_ply_element *element = &header->elements[header->element_count++];
    element->properties = &header->properties[header->property_count];
    calo_status status = take_name(reader, line, element->name, err);
    if (status != CALO_OK)
        return status;
    int64_t count;
    if (!calo_text_integer(line, &count) || count < 0)
        return FAIL_LINE(reader, err, "the element \"%s\" needs a number of records", element->name);
    element->count = (uint64_t)count;
    return CALO_OK;
}

static calo_status take_property(header_reader *reader, calo_text *line, calo_error *err)
{
    calo_ply_header *header = reader->header;
    if (header->element_count == 0)
        return FAIL_LINE(reader, err, "a %s stands before the first element", "property");
    if (header->property_count == CALO_PLY_MAX_PROPERTIES)
        return FAIL_LINE(reader, err, "more than %d properties", CALO_PLY_MAX_PROPERTIES);
    calo_ply_element *element = &header->elements[header->element_count - 1];
    calo_ply_property *property = &header->properties[header->property_count];
    calo_text ahead = *line;
    const char *word;
    size_t length = calo_text_word(&ahead, &word);
    property->is_list = is_word(word, length, "list");
    calo_status status = CALO_OK;
    if (property->is_list) {
        *line = ahead;
        status = take_type(reader, line, &property->count_type, err);
    }
    if (status == CALO_OK)
        status = take_type(reader, line, &property->type, err);
    if (status == CALO_OK)
        status = take_name(reader, line, property->name, err);
    if (status != CALO_OK)
        return status;
    property->role = role_of(element->name, property);
    if (property->role != CALO_PLY_NO_ROLE && CALO_PLY_HAS(element, property->role))
        property->role = CALO_PLY_NO_ROLE; /* the first of its kind counts */
    if (property->role != CALO_PLY_NO_ROLE)
        element->roles |= 1u << property->role;
    property->offset = element->record_bytes;
    element->record_bytes += (uint32_t)calo_ply_type_bytes(property->type);
    element->has_lists |= property->is_list;
    header->property_count++;
    element->property_count++;
    return CALO_OK;
}

/* "TextureFile" in a comment, as MeshLab writes it. */
static void take_comment(header_reader *reader, calo_text *line)
{
    calo_ply_header *header = reader->header;
    const char *word;
    size_t length = calo_text_word(line, &word);
    if (!is_word(word, length, "TextureFile"))
        return;
    calo_text_skip_blanks(line);
    while (line->end > line->at && (line->end[-1] == ' ' || line->end[-1] == '\t'))
        line->end--;
    if (line->end == line->at || header->texture_count++ > 0)
        return;
    snprintf(header->texture, sizeof header->texture, "%.*s", (int)(line->end - line->at), line->at);
}

static calo_status take_line(header_reader *reader, calo_text *line, bool *ended, calo_error *err)
{
    const char *word;
    size_t length = calo_text_word(line, &word);
    *ended = is_word(word, length, "end_header");
    if (length == 0 || *ended || is_word(word, length, "obj_info"))
        return CALO_OK;
    if (is_word(word, length, "comment")) {
        take_comment(reader, line);
        return CALO_OK;
    }
    if (is_word(word, length, "format"))
        return take_format(reader, line, err);
    if (is_word(word, length, "element"))
        return take_element(reader, line, err);
    if (is_word(word, length, "property"))
        return take_property(reader, line, err);
    return FAIL_LINE(reader, err, "\"%.*s\" does not belong into a PLY header", (int)(length < 40 ? length : 40), word);
}

calo_status calo_ply_read_header(const calo_import_source *source, calo_ply_header *header, calo_error *err)
{
    const char *bytes = (const char *)source->bytes;
    calo_text text = {bytes, bytes + source->size}, line;
    header_reader reader = {.source = source, .header = header, .line_number = 1};
    if (source->size < 4 || memcmp(bytes, "ply", 3) != 0 || !strchr("\n\r \t", bytes[3]) || !bytes[3])
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: not a PLY file: it does not begin with \"ply\"", source->path);
    calo_text_line(&text, &line);
    for (bool ended = false; !ended;) {
        reader.line_number++;
        if (!calo_text_line(&text, &line))
            return calo_fail(err, CALO_ERROR_FORMAT,
                             "%s: the file ends in the header (line %zu), before \"end_header\": it is cut off",
                             source->path, reader.line_number);
        calo_status status = take_line(&reader, &line, &ended, err);
        if (status != CALO_OK)
            return status;
    }
    header->body = (size_t)(text.at - bytes);
    if (!reader.has_format)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: the header has no \"format\" line", source->path);
    return CALO_OK;
}
