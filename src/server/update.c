#include <math.h>
#include <orrb.pb-c.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "server/budget.h"
#include "server/server.h"

enum { COMPONENTS_MAX = 1024, PROPERTIES_MAX = 65536, MESSAGE_MAX = 4 << 20 };

struct calo_update {
    Orrb__UpdateRequest *message; /* all text is in it */
    calo_component_update *components;
    calo_property *properties;
    size_t component_count, property_count;
};

/* ---- properties ----
 *
 * A component's config has a map for each kind of property, and the maps' field numbers are calo_property_kind's. In C
 * a map is an array of messages of a key and a value, which is a number, text, or a message of up to four floats. */

#define MEMBER(type, message, member_offset) (*(type *)((char *)(message) + (member_offset)))

static calo_property property_of(calo_property_kind kind, const ProtobufCMessage *entry)
{
    const ProtobufCFieldDescriptor *key = &entry->descriptor->fields[0], *value = &entry->descriptor->fields[1];
    calo_property property = {.name = MEMBER(const char *, entry, key->offset), .kind = kind};
    const ProtobufCMessage *parts = NULL;
    switch (value->type) {
    case PROTOBUF_C_TYPE_INT32: property.numbers[0] = MEMBER(const int32_t, entry, value->offset); break;
    case PROTOBUF_C_TYPE_FLOAT: property.numbers[0] = MEMBER(const float, entry, value->offset); break;
    case PROTOBUF_C_TYPE_BOOL: property.numbers[0] = MEMBER(const protobuf_c_boolean, entry, value->offset) != 0; break;
    case PROTOBUF_C_TYPE_STRING: property.text = MEMBER(const char *, entry, value->offset); break;
    default: parts = MEMBER(const ProtobufCMessage *, entry, value->offset); break;
    }
    /* A message that is left out is all zeros. */
    for (unsigned i = 0; parts && i < parts->descriptor->n_fields; i++)
        property.numbers[i] = MEMBER(const float, parts, parts->descriptor->fields[i].offset);
    return property;
}

/* All properties of a component, to `at` unless that is NULL; returns how many there are. */
static size_t read_properties(const Orrb__RendererComponentConfig *config, calo_property *at)
{
    size_t total = 0;
    const ProtobufCMessageDescriptor *maps = config->base.descriptor;
    for (unsigned m = 0; m < maps->n_fields; m++) {
        const ProtobufCFieldDescriptor *map = &maps->fields[m];
        size_t count = MEMBER(const size_t, config, map->quantifier_offset);
        ProtobufCMessage **entries = MEMBER(ProtobufCMessage **, config, map->offset);
        for (size_t i = 0; at && i < count; i++)
            at[total + i] = property_of((calo_property_kind)map->id, entries[i]);
        total += count;
    }
    return total;
}

static calo_status check_component(const Orrb__RendererComponent *component, const calo_component_update *update,
                                   calo_error *err)
{
    if (!calo_text_is_utf8(component->name))
        return calo_fail(err, CALO_ERROR_ARGUMENT, "a component's name is not UTF-8 text");
    for (size_t i = 0; i < update->property_count; i++) {
        const calo_property *property = &update->properties[i];
        if (!calo_text_is_utf8(property->name) || (property->text && !calo_text_is_utf8(property->text)))
            return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: a property is not UTF-8 text", component->name);
        for (int k = 0; k < 4; k++)
            if (!isfinite(property->numbers[k]))
                return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: %s is not a finite number", component->name,
                                 property->name);
    }
    return CALO_OK;
}

static calo_status fill(calo_update *update, calo_error *err)
{
    const Orrb__UpdateRequest *message = update->message;
    size_t properties = 0;
    for (size_t i = 0; i < message->n_components; i++)
        if (message->components[i]->config)
            properties += read_properties(message->components[i]->config, NULL);
    if (message->n_components > COMPONENTS_MAX || properties > PROPERTIES_MAX)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "%zu components with %zu properties are too many: at most %d with %d", message->n_components,
                         properties, COMPONENTS_MAX, PROPERTIES_MAX);
    update->components = calloc(message->n_components + 1, sizeof *update->components);
    update->properties = calloc(properties + 1, sizeof *update->properties);
    if (!update->components || !update->properties)
        return calo_fail_memory(err, "an update", properties * sizeof *update->properties);
    calo_property *at = update->properties;
    for (size_t i = 0; i < message->n_components; i++) {
        const Orrb__RendererComponent *component = message->components[i];
        size_t count = component->config ? read_properties(component->config, at) : 0;
        update->components[i] = (calo_component_update){component->name, at, (uint32_t)count};
        at += count;
        calo_status status = check_component(component, &update->components[i], err);
        if (status != CALO_OK)
            return status;
        update->component_count++;
    }
    return CALO_OK;
}

calo_status calo_update_read(const uint8_t *bytes, size_t size, calo_update **result, calo_error *err)
{
    calo_update *update = calloc(1, sizeof *update);
    *result = NULL;
    if (!update)
        return calo_fail_memory(err, "an update", sizeof *update);
    calo_status status = CALO_OK;
    calo_budget budget = {(1u << 20) + 16 * size};
    ProtobufCAllocator allocator = calo_budget_allocator(&budget);
    if (size > MESSAGE_MAX)
        status =
            calo_fail(err, CALO_ERROR_ARGUMENT, "the update has %zu bytes: at most %d are read", size, MESSAGE_MAX);
    else if (!(update->message = orrb__update_request__unpack(&allocator, size, bytes)))
        status = calo_fail(err, CALO_ERROR_ARGUMENT,
                           "the message is not an orrb.UpdateRequest: its %zu bytes are "
                           "damaged, of another message, or take too much memory",
                           size);
    else
        status = fill(update, err);
    if (status == CALO_OK)
        *result = update;
    else
        calo_update_destroy(update);
    return status;
}

const calo_component_update *calo_update_components(const calo_update *update, size_t *count)
{
    *count = update->component_count;
    return update->components;
}

void calo_update_destroy(calo_update *update)
{
    if (!update)
        return;
    calo_budget nothing = {0};
    ProtobufCAllocator allocator = calo_budget_allocator(&nothing);
    if (update->message)
        orrb__update_request__free_unpacked(update->message, &allocator);
    free(update->components);
    free(update->properties);
    free(update);
}
