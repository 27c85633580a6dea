/* What several of ORRB's components share. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/exact_math.h"
#include "randomize/orrb_components.h"
#include "randomize/orrb_scene.h"

void calo_orrb_release(calo_component *component)
{
    free(component->bound);
    component->bound = NULL;
}

calo_status calo_orrb_list_cameras(const calo_randomizer *randomizer, calo_component *component, calo_error *err)
{
    const calo_subject *subject = &randomizer->subject;
    calo_index_list *list = malloc(sizeof *list + subject->camera_count * sizeof *list->at);
    if (!list)
        return calo_fail_memory(err, "cameras", subject->camera_count * sizeof *list->at);
    list->count = 0;
    for (uint32_t i = 0; i < subject->camera_count; i++) {
        uint32_t node = subject->cameras[i], at = list->count;
        if (!calo_subject_contains(subject, component->node, node))
            continue;
        for (; at > 0 && subject->place[subject->cameras[list->at[at - 1]]] > subject->place[node]; at--)
            list->at[at] = list->at[at - 1];
        list->at[at] = i;
        list->count++;
    }
    free(component->bound);
    component->bound = list;
    return CALO_OK;
}

/* The name that ORRB's prefixes are compared with; the importer calls colours without a material "rgba 1 0 0 1". */
static const char *material_name(const calo_randomizer *randomizer, const calo_subject_part *part)
{
    const calo_material *material = calo_subject_material(part, randomizer->scene);
    bool named = material && material->name[0] && strncmp(material->name, "rgba ", 5) != 0;
    return named ? material->name : "DefaultMaterial";
}

calo_status calo_orrb_list_parts(const calo_randomizer *randomizer, calo_component *component, calo_orrb_times times,
                                 calo_index_list **list, calo_error *err)
{
    const calo_subject *subject = &randomizer->subject;
    *list = malloc(sizeof **list + 2 * (size_t)subject->part_count * sizeof *(*list)->at);
    if (!*list)
        return calo_fail_memory(err, "parts", 2 * (size_t)subject->part_count * sizeof *(*list)->at);
    (*list)->count = 0;
    for (uint32_t i = 0; i < subject->part_count; i++) {
        const calo_subject_part *part = &subject->parts[i];
        if (randomizer->hidden[part->node] || !calo_subject_contains(subject, component->node, part->node))
            continue;
        uint32_t wanted = times(component, material_name(randomizer, part));
        if (!wanted)
            continue;
        uint32_t *at = (*list)->at + 2 * (*list)->count++;
        at[0] = i;
        at[1] = wanted * part->repeats;
    }
    return CALO_OK;
}

calo_status calo_orrb_link_parts(calo_linker *linker, calo_component *component, const calo_index_list *list,
                                 calo_stream_kind kind, uint32_t count, const char *what, calo_error *err)
{
    const calo_randomizer *randomizer = calo_link_owner(linker);
    calo_status status = CALO_OK;
    for (uint32_t i = 0; i < list->count && status == CALO_OK; i++) {
        uint32_t part = list->at[2 * i], node = randomizer->subject.parts[part].node;
        const char *name = randomizer->scene->nodes[node].name;
        bool shared = (part > 0 && randomizer->subject.parts[part - 1].node == node) ||
                      (part + 1 < randomizer->subject.part_count && randomizer->subject.parts[part + 1].node == node);
        if (name[0] && !shared)
            status = calo_link_stream(linker, component, kind, count, err, "%.200s/%s", name, what);
        else
            status = calo_link_stream(linker, component, kind, count, err, "%.200s#%u/%s", name, part, what);
    }
    return status;
}

void calo_orrb_paint_part(calo_draw *draw, uint32_t index, const calo_orrb_coat *coat)
{
    const calo_subject_part *part = &draw->randomizer->subject.parts[index];
    for (uint32_t p = 0; p < part->primitive_count; p++) {
        if (part->primitives[p].material < 0)
            continue;
        calo_material *material = &draw->look->materials[part->primitives[p].material];
        calo_orrb_paint(material, coat->rgb, coat->metallic, coat->glossiness);
        if (coat->emission)
            memcpy(material->emissive, coat->emission, sizeof material->emissive);
        if (coat->texture)
            material->slots[CALO_SLOT_BASE_COLOR] = *coat->texture;
    }
}

double calo_orrb_fov(double radians)
{
    return fmin(fmax(radians, calo_radians(0.001)), calo_radians(179));
}

void calo_orrb_unit_rotation(const float rotation[4], double unit[4])
{
    double length = 0;
    for (int i = 0; i < 4; i++)
        length += (double)rotation[i] * rotation[i];
    for (int i = 0; i < 4; i++)
        unit[i] = rotation[i] / sqrt(length);
}

calo_status calo_orrb_check_rotation(const calo_randomizer *randomizer, const calo_component *component,
                                     const float rotation[4], calo_error *err)
{
    double unit[4];
    calo_orrb_unit_rotation(rotation, unit);
    if (isfinite(unit[0]) && isfinite(unit[1]) && isfinite(unit[2]) && isfinite(unit[3]))
        return CALO_OK;
    return calo_fail(err, CALO_ERROR_FORMAT,
                     "%s: component \"%s\": the quaternion %g %g %g %g (x y z w) is no rotation; none is 0 0 0 1",
                     randomizer->name, component->name, (double)rotation[0], (double)rotation[1], (double)rotation[2],
                     (double)rotation[3]);
}

calo_status calo_orrb_check_place(const calo_randomizer *randomizer, const calo_component *component, const char *verb,
                                  calo_error *err)
{
    if (component->node < 0)
        return calo_fail(err, CALO_ERROR_FORMAT, "%s: component \"%s\": %s needs the path of what it %s",
                         randomizer->name, component->name, component->type->name, verb);
    for (uint32_t i = 0; i < randomizer->joint_count; i++)
        if (randomizer->joints[i].node == component->node)
            return calo_fail(err, CALO_ERROR_UNSUPPORTED,
                             "%s: component \"%s\": \"%.80s\" is moved by joints; %s works on bodies without joints, "
                             "geoms, sites and cameras",
                             randomizer->name, component->name, randomizer->scene->nodes[component->node].name,
                             component->type->name);
    return CALO_OK;
}
