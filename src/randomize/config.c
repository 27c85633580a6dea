#include "randomize/config.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

/* A config while it is read; `place` is "components[3]". */
typedef struct config_reader {
    const char *name;
    bool lenient;
    calo_arena *arena;
    calo_config *config;
    calo_error *err;
    char place[24];
} config_reader;

/* One of the nine maps of a RendererComponentConfig. */
typedef struct property_map {
    const char *camel, *snake, *numbers; /* numbers: the names of a message's fields, a letter each */
    calo_property_kind kind;
} property_map;

static const property_map property_maps[] = {
    {"intProperties", "int_properties", NULL, CALO_PROPERTY_INT},
    {"floatProperties", "float_properties", NULL, CALO_PROPERTY_FLOAT},
    {"stringProperties", "string_properties", NULL, CALO_PROPERTY_STRING},
    {"boolProperties", "bool_properties", NULL, CALO_PROPERTY_BOOL},
    {"quaternionProperties", "quaternion_properties", "xyzw", CALO_PROPERTY_QUATERNION},
    {"vector3Properties", "vector3_properties", "xyz", CALO_PROPERTY_VECTOR3},
    {"vector2Properties", "vector2_properties", "xy", CALO_PROPERTY_VECTOR2},
    {"enumProperties", "enum_properties", NULL, CALO_PROPERTY_ENUM},
    {"colorProperties", "color_properties", "rgba", CALO_PROPERTY_COLOR},
};

#define broken(reader, ...) calo_fail((reader)->err, CALO_ERROR_FORMAT, __VA_ARGS__)

/* A key that means nothing here. */
static calo_status refuse_key(config_reader *reader, const char *key, const char *expected)
{
    if (!reader->lenient)
        return broken(reader, "%s: %s: the key \"%.80s\" is not known here; there may be %s", reader->name,
                      reader->place, key, expected);
    calo_config *config = reader->config;
    if (config->note_count >= CALO_CONFIG_MAX_NOTES)
        return CALO_OK;
    if (!config->notes) {
        config->notes = CALO_ARENA_TAKE(reader->arena, const char *, CALO_CONFIG_MAX_NOTES, "notes", reader->err);
        if (!config->notes)
            return calo_failed(reader->err);
    }
    char note[256];
    snprintf(note, sizeof note, "%s: the key \"%.80s\" is not known and was left out", reader->place, key);
    char *kept = calo_arena_text(reader->arena, note, strlen(note), reader->err);
    if (!kept)
        return calo_failed(reader->err);
    config->notes[config->note_count++] = kept;
    return CALO_OK;
}

static calo_status keep_text(config_reader *reader, json_t *value, const char **text)
{
    *text = calo_arena_text(reader->arena, json_string_value(value), json_string_length(value), reader->err);
    return *text ? CALO_OK : calo_failed(reader->err);
}

/* A number, or as protobuf's JSON also has it, a string of one. */
static bool number_of(json_t *value, double *number)
{
    if (json_is_number(value)) {
        *number = json_number_value(value);
        return true;
    }
    return json_is_string(value) && strlen(json_string_value(value)) == json_string_length(value) &&
           calo_parse_double(json_string_value(value), number);
}

static calo_status refuse_value(config_reader *reader, const char *key, const char *wanted)
{
    return broken(reader, "%s: %s: \"%.80s\" is not %s", reader->name, reader->place, key, wanted);
}

/* {"x": 1, "z": 2}: fields that are not there are 0. */
static calo_status read_message(config_reader *reader, const property_map *map, json_t *value, calo_property *property)
{
    if (!json_is_object(value))
        return refuse_value(reader, property->name, "an object with numbers, such as {\"x\": 1}");
    const char *key;
    json_t *field;
    json_object_foreach(value, key, field)
    {
        const char *letter = key[0] && !key[1] ? strchr(map->numbers, key[0]) : NULL;
        calo_status status = CALO_OK;
        if (!letter)
            status = refuse_key(reader, key, "the fields of a vector or colour only");
        else if (!json_is_null(field) && !number_of(field, &property->numbers[letter - map->numbers]))
            status = refuse_value(reader, property->name, "made of numbers");
        if (status)
            return status;
    }
    return CALO_OK;
}

static calo_status read_typed(config_reader *reader, const property_map *map, json_t *value, calo_property *property)
{
    property->kind = map->kind;
    if (map->numbers)
        return read_message(reader, map, value, property);
    switch (map->kind) {
    case CALO_PROPERTY_INT:
        if (!number_of(value, property->numbers) || property->numbers[0] != floor(property->numbers[0]) ||
            fabs(property->numbers[0]) > INT32_MAX)
            return refuse_value(reader, property->name, "a 32-bit integer");
        return CALO_OK;
    case CALO_PROPERTY_FLOAT:
        return number_of(value, property->numbers) ? CALO_OK : refuse_value(reader, property->name, "a number");
    case CALO_PROPERTY_BOOL:
        property->numbers[0] = json_is_true(value);
        return json_is_boolean(value) ? CALO_OK : refuse_value(reader, property->name, "true or false");
    default:
        return json_is_string(value) ? keep_text(reader, value, &property->text)
                                     : refuse_value(reader, property->name, "a string");
    }
}

static calo_status add_property(config_reader *reader, calo_config_component *component, const char *key,
                                calo_property **property)
{
    *property = &component->properties[component->property_count++];
    (*property)->name = calo_arena_text(reader->arena, key, strlen(key), reader->err);
    return (*property)->name ? CALO_OK : calo_failed(reader->err);
}

/* Room for so many properties of a component, claimed once they are known to be there. */
static calo_status reserve_properties(config_reader *reader, calo_config_component *component, size_t count)
{
    if (count > CALO_CONFIG_MAX_PROPERTIES)
        return calo_fail(reader->err, CALO_ERROR_LIMIT, "%s: %s has %zu properties; at most %d are read",
                         reader->name, reader->place, count, CALO_CONFIG_MAX_PROPERTIES);
    component->properties = CALO_ARENA_TAKE(reader->arena, calo_property, count, "properties", reader->err);
    return component->properties ? CALO_OK : calo_failed(reader->err);
}

static const property_map *map_of(const char *key)
{
    for (size_t i = 0; i < sizeof property_maps / sizeof *property_maps; i++)
        if (strcmp(key, property_maps[i].camel) == 0 || strcmp(key, property_maps[i].snake) == 0)
            return &property_maps[i];
    return NULL;
}

/* The maps of a RendererComponentConfig. */
static calo_status read_maps(config_reader *reader, calo_config_component *component, json_t *maps)
{
    const char *key, *name;
    json_t *entries, *value;
    size_t count = 0;
    json_object_foreach(maps, key, entries)
        count += json_object_size(entries);
    calo_status status = reserve_properties(reader, component, count);
    json_object_foreach(maps, key, entries)
    {
        const property_map *map = map_of(key);
        if (status)
            return status;
        if (!map)
            status = refuse_key(reader, key, "\"floatProperties\" and the other maps of a RendererComponentConfig");
        else if (!json_is_object(entries) && !json_is_null(entries))
            status = refuse_value(reader, key, "an object");
        if (status || !map)
            continue;
        json_object_foreach(entries, name, value)
        {
            calo_property *property;
            status = status ? status : add_property(reader, component, name, &property);
            status = status ? status : read_typed(reader, map, value, property);
        }
    }
    return status;
}

/* Lists of words become one text with a line each. */
static calo_status read_words(config_reader *reader, json_t *list, calo_property *property)
{
    size_t length = 0, at = 0;
    for (size_t i = 0; i < json_array_size(list); i++)
        length += json_string_length(json_array_get(list, i)) + 1;
    char *text = calo_arena_take(reader->arena, length + 1, 1, "words", reader->err);
    if (!text)
        return calo_failed(reader->err);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *word = json_array_get(list, i);
        if (!json_is_string(word))
            return refuse_value(reader, property->name, "a list of words or of up to four numbers");
        size_t bytes = json_string_length(word);
        memcpy(text + at, json_string_value(word), bytes);
        text[at + bytes] = i + 1 < json_array_size(list) ? '\n' : '\0';
        at += bytes + 1;
    }
    property->kind = CALO_PROPERTY_STRING;
    property->text = text;
    return CALO_OK;
}

static calo_status read_list(config_reader *reader, json_t *list, calo_property *property)
{
    static const calo_property_kind kinds[5] = {0, 0, CALO_PROPERTY_VECTOR2, CALO_PROPERTY_VECTOR3,
                                                CALO_PROPERTY_COLOR};
    size_t count = json_array_size(list);
    if (count == 0 || !json_is_number(json_array_get(list, 0)))
        return read_words(reader, list, property);
    if (count < 2 || count > 4)
        return refuse_value(reader, property->name, "a list of 2, 3 or 4 numbers");
    property->kind = kinds[count];
    for (size_t i = 0; i < count; i++)
        if (!number_of(json_array_get(list, i), &property->numbers[i]))
            return refuse_value(reader, property->name, "a list of numbers");
    return CALO_OK;
}

/* A parameter of calotype's own form, by what it looks like. */
static calo_status read_loose(config_reader *reader, json_t *value, calo_property *property)
{
    switch (json_typeof(value)) {
    case JSON_INTEGER:
    case JSON_REAL:
        property->kind = CALO_PROPERTY_FLOAT;
        property->numbers[0] = json_number_value(value);
        return CALO_OK;
    case JSON_TRUE:
    case JSON_FALSE:
        property->kind = CALO_PROPERTY_BOOL;
        property->numbers[0] = json_is_true(value);
        return CALO_OK;
    case JSON_STRING:
        property->kind = CALO_PROPERTY_STRING;
        return keep_text(reader, value, &property->text);
    case JSON_ARRAY:
        return read_list(reader, value, property);
    default:
        return refuse_value(reader, property->name, "a number, a string, true, false or a list of them");
    }
}

/* "type", "name" and "path"; true when the key is one of them. */
static bool read_head(config_reader *reader, calo_config_component *component, const char *key, json_t *value,
                      calo_status *status)
{
    const struct {
        const char *key, **text;
    } heads[] = {{"type", &component->type}, {"name", &component->name}, {"path", &component->path}};
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (strcmp(key, heads[i].key) == 0) {
            if (json_is_string(value))
                *status = keep_text(reader, value, heads[i].text);
            else if (!json_is_null(value))
                *status = refuse_value(reader, key, "a string");
            return true;
        }
    return false;
}

static calo_status read_component(config_reader *reader, json_t *object, calo_config_component *component)
{
    component->type = component->name = component->path = "";
    if (!json_is_object(object))
        return broken(reader, "%s: %s is not an object", reader->name, reader->place);
    const char *key;
    json_t *value;
    calo_status status = CALO_OK;
    bool own = reader->config->form == CALO_CONFIG_OWN;
    if (own)
        status = reserve_properties(reader, component, json_object_size(object));
    json_object_foreach(object, key, value)
    {
        calo_property *property;
        if (status)
            return status;
        if (read_head(reader, component, key, value, &status))
            continue;
        if (own) {
            status = add_property(reader, component, key, &property);
            status = status ? status : read_loose(reader, value, property);
        } else if (strcmp(key, "config") != 0)
            status = refuse_key(reader, key, "\"type\", \"name\", \"path\" and \"config\"");
        else if (json_is_object(value))
            status = read_maps(reader, component, value);
        else if (!json_is_null(value))
            status = refuse_value(reader, key, "an object");
    }
    return status;
}

static bool is_root_key(const char *key)
{
    static const char *const keys[] = {"components",         "calotype",         "modelXmlPath", "model_xml_path",
                                       "modelMappingPath", "model_mapping_path"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(key, keys[i]) == 0)
            return true;
    return false;
}

static calo_status read_form(config_reader *reader, json_t *root)
{
    const char *key;
    json_t *value, *version = json_object_get(root, "calotype");
    json_object_foreach(root, key, value)
    {
        calo_status status = is_root_key(key) ? CALO_OK : refuse_key(reader, key, "\"components\" at the top");
        if (status)
            return status;
    }
    reader->config->form = version ? CALO_CONFIG_OWN : CALO_CONFIG_ORRB;
    if (version && (!json_is_integer(version) || json_integer_value(version) != 1))
        return calo_fail(reader->err, CALO_ERROR_UNSUPPORTED,
                         "%s: \"calotype\" is not 1, the only version of randomizers that is known", reader->name);
    return CALO_OK;
}

static calo_status read_root(config_reader *reader, json_t *root)
{
    calo_config *config = reader->config;
    if (!json_is_object(root))
        return broken(reader, "%s: a randomizer is an object with \"components\"", reader->name);
    calo_status status = read_form(reader, root);
    if (status)
        return status;
    json_t *list = json_object_get(root, "components");
    if (list && !json_is_array(list) && !json_is_null(list))
        return broken(reader, "%s: \"components\" is not a list", reader->name);
    size_t count = json_array_size(list);
    if (count > CALO_CONFIG_MAX_COMPONENTS)
        return calo_fail(reader->err, CALO_ERROR_LIMIT, "%s: there are %zu components; at most %d are read",
                         reader->name, count, CALO_CONFIG_MAX_COMPONENTS);
    config->components = CALO_ARENA_TAKE(reader->arena, calo_config_component, count, "components", reader->err);
    if (!config->components)
        return calo_failed(reader->err);
    for (; config->component_count < count && status == CALO_OK; config->component_count++) {
        snprintf(reader->place, sizeof reader->place, "components[%u]", config->component_count);
        status = read_component(reader, json_array_get(list, config->component_count),
                                &config->components[config->component_count]);
    }
    return status;
}

calo_status calo_config_parse(const char *json, size_t size, const char *name, bool lenient, calo_arena *arena,
                              calo_config *config, calo_error *err)
{
    *config = (calo_config){0};
    calo_error own = {0};
    config_reader reader = {.name = name, .lenient = lenient, .arena = arena, .config = config, .err = err ? err : &own,
                            .place = "the top"};
    if (size > CALO_CONFIG_MAX_BYTES)
        return calo_fail(err, CALO_ERROR_LIMIT, "%s has %zu bytes; a randomizer has at most %d", name, size,
                         CALO_CONFIG_MAX_BYTES);
    json_error_t problem;
    json_t *root = json_loadb(json, size, JSON_REJECT_DUPLICATES, &problem);
    if (!root)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: not valid JSON: line %d, column %d: %s", name, problem.line,
                         problem.column, problem.text);
    calo_status status = read_root(&reader, root);
    json_decref(root);
    return status;
}
