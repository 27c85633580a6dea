/* Components' parameters, by their tables. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "randomize/component.h"

static const char *const kind_names[] = {
    [CALO_PROPERTY_INT] = "an integer",
    [CALO_PROPERTY_FLOAT] = "a number",
    [CALO_PROPERTY_STRING] = "a string",
    [CALO_PROPERTY_BOOL] = "true or false",
    [CALO_PROPERTY_QUATERNION] = "a quaternion",
    [CALO_PROPERTY_VECTOR3] = "a vector of 3 numbers",
    [CALO_PROPERTY_VECTOR2] = "a vector of 2 numbers",
    [CALO_PROPERTY_ENUM] = "a word",
    [CALO_PROPERTY_COLOR] = "a colour",
};

static const char *const map_names[] = {
    [CALO_PROPERTY_INT] = "int_properties",
    [CALO_PROPERTY_FLOAT] = "float_properties",
    [CALO_PROPERTY_STRING] = "string_properties",
    [CALO_PROPERTY_BOOL] = "bool_properties",
    [CALO_PROPERTY_QUATERNION] = "quaternion_properties",
    [CALO_PROPERTY_VECTOR3] = "vector3_properties",
    [CALO_PROPERTY_VECTOR2] = "vector2_properties",
    [CALO_PROPERTY_ENUM] = "enum_properties",
    [CALO_PROPERTY_COLOR] = "color_properties",
};

/* Numbers that a parameter of the kind has. */
static int width_of(calo_property_kind kind)
{
    switch (kind) {
    case CALO_PROPERTY_VECTOR2:
        return 2;
    case CALO_PROPERTY_VECTOR3:
        return 3;
    case CALO_PROPERTY_QUATERNION:
    case CALO_PROPERTY_COLOR:
        return 4;
    case CALO_PROPERTY_STRING:
        return 0;
    default:
        return 1;
    }
}

static void *field_of(const calo_parameter *parameter, void *parameters)
{
    return (char *)parameters + parameter->offset;
}

static void store(const calo_parameter *parameter, void *parameters, const double *numbers)
{
    void *field = field_of(parameter, parameters);
    if (parameter->kind == CALO_PROPERTY_INT || parameter->kind == CALO_PROPERTY_ENUM)
        *(int32_t *)field = (int32_t)numbers[0];
    else if (parameter->kind == CALO_PROPERTY_BOOL)
        *(bool *)field = numbers[0] != 0;
    else
        for (int i = 0; i < width_of(parameter->kind); i++)
            ((float *)field)[i] = (float)numbers[i];
}

static calo_status store_text(const calo_parameter *parameter, void *parameters, const char *text, calo_error *err)
{
    char **field = field_of(parameter, parameters), *copy = strdup(text ? text : "");
    if (!copy)
        return calo_fail_memory(err, "a parameter", strlen(text) + 1);
    free(*field);
    *field = copy;
    return CALO_OK;
}

/* malloc'ed, and never of no bytes: a component without parameters has a struct, too. */
static void *new_parameters(const calo_component_type *type, calo_error *err)
{
    void *parameters = calloc(1, type->parameter_bytes + 1);
    if (!parameters)
        calo_fail_memory(err, "parameters", type->parameter_bytes);
    return parameters;
}

calo_status calo_parameters_create(const calo_component_type *type, void **parameters, calo_error *err)
{
    *parameters = new_parameters(type, err);
    if (!*parameters)
        return CALO_ERROR_MEMORY;
    calo_status status = CALO_OK;
    for (size_t i = 0; i < type->parameter_count && status == CALO_OK; i++) {
        const calo_parameter *at = &type->parameters[i];
        if (at->kind == CALO_PROPERTY_STRING)
            status = store_text(at, *parameters, at->text, err);
        else
            store(at, *parameters, at->numbers);
    }
    if (status) {
        calo_parameters_free(type, *parameters);
        *parameters = NULL;
    }
    return status;
}

calo_status calo_parameters_copy(const calo_component_type *type, const void *parameters, void **copy, calo_error *err)
{
    *copy = new_parameters(type, err);
    if (!*copy)
        return CALO_ERROR_MEMORY;
    memcpy(*copy, parameters, type->parameter_bytes);
    for (size_t i = 0; i < type->parameter_count; i++)
        if (type->parameters[i].kind == CALO_PROPERTY_STRING)
            *(char **)field_of(&type->parameters[i], *copy) = NULL;
    calo_status status = CALO_OK;
    for (size_t i = 0; i < type->parameter_count && status == CALO_OK; i++)
        if (type->parameters[i].kind == CALO_PROPERTY_STRING)
            status = store_text(&type->parameters[i], *copy,
                                *(char *const *)((const char *)parameters + type->parameters[i].offset), err);
    if (status) {
        calo_parameters_free(type, *copy);
        *copy = NULL;
    }
    return status;
}

void calo_parameters_free(const calo_component_type *type, void *parameters)
{
    if (!parameters)
        return;
    for (size_t i = 0; i < type->parameter_count; i++)
        if (type->parameters[i].kind == CALO_PROPERTY_STRING)
            free(*(char **)field_of(&type->parameters[i], parameters));
    free(parameters);
}

/* The index of `word` among "a|b|c", or -1. */
static int word_index(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (int index = 0;; index++) {
        size_t at = strcspn(words, "|");
        if (at == length && memcmp(words, word, length) == 0)
            return index;
        if (!words[at])
            return -1;
        words += at + 1;
    }
}

/* Whether a property of calotype's own form, which is known by its looks only, can stand for the parameter. */
static bool stands_for(const calo_parameter *parameter, const calo_property *property)
{
    switch (parameter->kind) {
    case CALO_PROPERTY_INT:
        return property->kind == CALO_PROPERTY_FLOAT && property->numbers[0] == floor(property->numbers[0]) &&
               fabs(property->numbers[0]) <= INT32_MAX;
    case CALO_PROPERTY_ENUM:
        return property->kind == CALO_PROPERTY_STRING;
    case CALO_PROPERTY_VECTOR2: /* a range of one number */
        return property->kind == CALO_PROPERTY_FLOAT;
    case CALO_PROPERTY_QUATERNION:
        return property->kind == CALO_PROPERTY_COLOR;
    case CALO_PROPERTY_COLOR:
        return property->kind == CALO_PROPERTY_VECTOR3;
    default:
        return false;
    }
}

static calo_status check_numbers(const calo_parameter *parameter, const calo_property *property, calo_error *err)
{
    for (int i = 0; i < width_of(parameter->kind); i++) {
        double number = property->numbers[i];
        if (!isfinite(number) || fabs(number) > 1e30)
            return calo_fail(err, CALO_ERROR_FORMAT, "\"%s\" is %g, not a finite number", parameter->name, number);
        if (parameter->low < parameter->high && (number < parameter->low || number > parameter->high))
            return calo_fail(err, CALO_ERROR_FORMAT, "\"%s\" is %g; it must be from %g to %g", parameter->name, number,
                             parameter->low, parameter->high);
    }
    return CALO_OK;
}

static calo_status set_word(const calo_parameter *parameter, void *parameters, const char *word, calo_error *err)
{
    double index = word_index(parameter->text, word ? word : "");
    if (index < 0)
        return calo_fail(err, CALO_ERROR_FORMAT, "\"%s\" is \"%.80s\"; it must be one of %s", parameter->name,
                         word ? word : "", parameter->text);
    store(parameter, parameters, &index);
    return CALO_OK;
}

/* The sentence names what there is. */
static calo_status refuse_parameter(const calo_component_type *type, const char *name, calo_error *err)
{
    char known[768] = "";
    size_t length = 0;
    for (size_t i = 0; i < type->parameter_count && length < sizeof known; i++)
        length += (size_t)snprintf(known + length, sizeof known - length, "%s%s", i ? ", " : "", type->parameters[i].name);
    return calo_fail(err, CALO_ERROR_NOT_FOUND, "%s has no parameter \"%.80s\"; it has %s", type->name, name, known);
}

static const calo_parameter *find_parameter(const calo_component_type *type, const char *name)
{
    for (size_t i = 0; i < type->parameter_count; i++)
        if (strcmp(type->parameters[i].name, name) == 0)
            return &type->parameters[i];
    return NULL;
}

bool calo_parameters_name_files(const calo_component_type *type, const char *name)
{
    const calo_parameter *parameter = find_parameter(type, name);
    return parameter && parameter->files;
}

calo_status calo_parameters_set(const calo_component_type *type, void *parameters, const calo_property *property,
                                calo_config_form form, calo_error *err)
{
    const calo_parameter *parameter = find_parameter(type, property->name);
    if (!parameter)
        return refuse_parameter(type, property->name, err);
    bool fits = property->kind == parameter->kind || (form == CALO_CONFIG_OWN && stands_for(parameter, property));
    if (!fits && form == CALO_CONFIG_ORRB)
        return calo_fail(err, CALO_ERROR_FORMAT, "\"%s\" of %s is %s: it belongs into %s", parameter->name, type->name,
                         kind_names[parameter->kind], map_names[parameter->kind]);
    if (!fits)
        return calo_fail(err, CALO_ERROR_FORMAT, "\"%s\" of %s must be %s", parameter->name, type->name,
                         kind_names[parameter->kind]);
    if (parameter->kind == CALO_PROPERTY_STRING)
        return store_text(parameter, parameters, property->text, err);
    if (parameter->kind == CALO_PROPERTY_ENUM)
        return set_word(parameter, parameters, property->text, err);
    calo_property filled = *property;
    if (parameter->kind == CALO_PROPERTY_COLOR && property->kind == CALO_PROPERTY_VECTOR3)
        filled.numbers[3] = 1;
    if (parameter->kind == CALO_PROPERTY_VECTOR2 && property->kind == CALO_PROPERTY_FLOAT)
        filled.numbers[1] = filled.numbers[0];
    calo_status status = check_numbers(parameter, &filled, err);
    /* Two numbers are a range in calotype's own form. */
    if (status == CALO_OK && parameter->kind == CALO_PROPERTY_VECTOR2 && form == CALO_CONFIG_OWN &&
        filled.numbers[0] > filled.numbers[1])
        return calo_fail(err, CALO_ERROR_FORMAT, "\"%s\" is a range from %g down to %g: give [min, max]",
                         parameter->name, filled.numbers[0], filled.numbers[1]);
    if (status == CALO_OK)
        store(parameter, parameters, filled.numbers);
    return status;
}

/* The parameter that is the upper end of one with "min_" in its name, or NULL. */
static const calo_parameter *upper_end(const calo_component_type *type, const calo_parameter *low)
{
    const char *at = strstr(low->name, "min_");
    if (!at || (at != low->name && at[-1] != '_') || width_of(low->kind) != 1)
        return NULL;
    size_t before = (size_t)(at - low->name);
    for (size_t i = 0; i < type->parameter_count; i++) {
        const char *name = type->parameters[i].name;
        if (type->parameters[i].kind == low->kind && strncmp(name, low->name, before) == 0 &&
            strncmp(name + before, "max_", 4) == 0 && strcmp(name + before + 4, at + 4) == 0)
            return &type->parameters[i];
    }
    return NULL;
}

static double number_in(const calo_parameter *parameter, const void *parameters)
{
    const void *field = (const char *)parameters + parameter->offset;
    return parameter->kind == CALO_PROPERTY_INT ? *(const int32_t *)field : *(const float *)field;
}

calo_status calo_parameters_check(const calo_component_type *type, const void *parameters, calo_error *err)
{
    for (size_t i = 0; i < type->parameter_count; i++) {
        const calo_parameter *low = &type->parameters[i], *high = upper_end(type, low);
        if (high && number_in(low, parameters) > number_in(high, parameters))
            return calo_fail(err, CALO_ERROR_FORMAT, "\"%s\" %g is above \"%s\" %g (a parameter that is not given has its default)",
                             low->name, number_in(low, parameters), high->name, number_in(high, parameters));
    }
    return CALO_OK;
}

/* Calls for each word of "a,b"; words of no letters are skipped. */
static bool any_word(const char *name, const char *list, bool prefix)
{
    for (;;) {
        size_t length = strcspn(list, ",");
        if (length && strncmp(name, list, length) == 0 && (prefix || !name[length]))
            return true;
        if (!list[length])
            return false;
        list += length + 1;
    }
}

bool calo_has_prefix(const char *name, const char *list)
{
    return any_word(name, list, true);
}

bool calo_is_listed(const char *name, const char *list)
{
    return any_word(name, list, false);
}
