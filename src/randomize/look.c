/* Looks: what one draw changes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"
#include "randomize/component.h"
#include "randomize/orrb_scene.h"
#include "randomize/own_common.h"

bool calo_randomizer_shows(const calo_randomizer *randomizer, uint32_t node)
{
    calo_subject_kind kind = randomizer->subject.kinds[node];
    bool always = randomizer->form == CALO_CONFIG_ORRB && (kind == CALO_SUBJECT_GEOM || kind == CALO_SUBJECT_SITE);
    return !randomizer->hidden[node] && (always || randomizer->scene->nodes[node].visible);
}

/* Grows an array to `count` items; what is in it is dropped. */
static calo_status ensure(void **items, uint32_t *capacity, uint32_t count, size_t item_bytes, calo_error *err)
{
    if (*items && *capacity >= count)
        return CALO_OK;
    void *grown = calloc((size_t)count + 1, item_bytes);
    if (!grown)
        return calo_fail_memory(err, "a look", count * item_bytes);
    free(*items);
    *items = grown;
    *capacity = count;
    return CALO_OK;
}

#define ENSURE(items, capacity, count, err) ensure((void **)&(items), &(capacity), (count), sizeof *(items), (err))

/* Room for everything that the randomizer draws; the same memory again unless an update has made more of it. */
static calo_status ensure_look(const calo_randomizer *randomizer, calo_look *look, calo_error *err)
{
    struct calo_look_private *private = look->internal;
    uint32_t lights = private->light_capacity, ignored = 0;
    calo_status status = ENSURE(look->overrides, private->slot_capacity, randomizer->slot_count, err);
    status = status ? status : ENSURE(look->values, private->value_capacity, randomizer->value_count, err);
    status = status ? status : ENSURE(private->rig_lights, lights, randomizer->light_count, err);
    status = status ? status : ENSURE(private->lights, private->light_capacity, randomizer->light_count, err);
    if (status == CALO_OK && randomizer->materials && !private->materials)
        status = ENSURE(private->materials, ignored, randomizer->scene->material_count, err);
    return status;
}

calo_status calo_look_create(const calo_randomizer *randomizer, calo_look **look, calo_error *err)
{
    *look = NULL;
    calo_look *made = calloc(1, sizeof *made);
    if (made) {
        made->internal = calloc(1, sizeof *made->internal);
        made->cameras = calloc((size_t)randomizer->subject.camera_count + 1, sizeof *made->cameras);
    }
    calo_status status =
        made && made->internal && made->cameras ? CALO_OK : calo_fail_memory(err, "a look", sizeof *made);
    status = status ? status : ensure_look(randomizer, made, err);
    if (status)
        calo_look_destroy(made);
    else
        *look = made;
    return status;
}

void calo_look_destroy(calo_look *look)
{
    if (!look)
        return;
    if (look->internal) {
        free(look->internal->lights);
        free(look->internal->rig_lights);
        free(look->internal->materials);
    }
    free(look->internal);
    free(look->cameras);
    free(look->overrides);
    free(look->values);
    free(look);
}

/* Everything as the scene has it. */
static void start_look(const calo_randomizer *randomizer, calo_look *look)
{
    const calo_scene *scene = randomizer->scene;
    look->materials = randomizer->materials ? look->internal->materials : NULL;
    if (look->materials)
        memcpy(look->materials, randomizer->materials, scene->material_count * sizeof *look->materials);
    look->lighting = (calo_lighting){.use_scene_lights = true};
    look->override_count = randomizer->slot_count;
    for (uint32_t i = 0; i < randomizer->slot_count; i++) {
        uint32_t node = randomizer->slot_nodes[i];
        bool shown = calo_randomizer_shows(randomizer, node);
        look->overrides[i] = (calo_node_override){.node = node, .keeps_place = true};
        if (shown != scene->nodes[node].visible)
            look->overrides[i].visibility = shown ? CALO_ON : CALO_OFF;
    }
    look->camera_count = randomizer->subject.camera_count;
    for (uint32_t i = 0; i < look->camera_count; i++)
        look->cameras[i] = (calo_look_camera){.node = randomizer->subject.cameras[i]};
    look->has_post = false;
    look->post = (calo_post_processing){0};
    look->value_count = randomizer->value_count;
    memset(look->values, 0, randomizer->value_count * sizeof *look->values);
}

/* ORRB keeps hinges and slides within their ranges. */
static void clamp_joints(const calo_randomizer *randomizer, double *qpos)
{
    for (uint32_t i = 0; i < randomizer->joint_count; i++) {
        const calo_joint *joint = &randomizer->joints[i];
        if (joint->limited && (joint->kind == CALO_JOINT_HINGE || joint->kind == CALO_JOINT_SLIDE))
            qpos[joint->qpos_address] = fmin(fmax(qpos[joint->qpos_address], joint->range[0]), joint->range[1]);
    }
}

calo_random calo_own_random(uint32_t seed, const char *name)
{
    calo_random random = {.state = seed};
    for (const char *at = name; *at; at++)
        random.state = calo_random_next(&random) ^ (unsigned char)*at;
    return random;
}

calo_status calo_randomizer_draw(const calo_randomizer *randomizer, uint32_t seed, double *qpos, calo_look *look,
                                 calo_error *err)
{
    bool orrb = randomizer->form == CALO_CONFIG_ORRB;
    if (randomizer->broken)
        return calo_fail(err, CALO_ERROR_MEMORY, "%s: an update failed for want of memory: make the randomizer anew",
                         randomizer->name);
    calo_status status = ensure_look(randomizer, look, err);
    if (status)
        return status;
    calo_draw draw = {.randomizer = randomizer, .look = look, .qpos = qpos, .seed = seed,
                      .unity = calo_unity_random_seed(seed)};
    start_look(randomizer, look);
    if (orrb)
        calo_orrb_start(&draw);
    for (uint32_t i = 0; i < randomizer->component_count; i++) {
        const calo_component *component = &randomizer->components[i];
        draw.value = look->values + component->first_value;
        draw.value_end = draw.value + component->value_count;
        if (!orrb)
            draw.own = calo_own_random(seed, component->name);
        if (component->type->draw)
            component->type->draw(&draw, component);
    }
    if (orrb)
        calo_orrb_finish(&draw);
    if (orrb && qpos)
        clamp_joints(randomizer, qpos);
    return CALO_OK;
}

calo_mat4 calo_draw_local(const calo_draw *draw, uint32_t node)
{
    int32_t slot = draw->randomizer->slots[node];
    return slot < 0 || draw->look->overrides[slot].keeps_place ? calo_subject_local(&draw->randomizer->subject, node)
                                                               : draw->look->overrides[slot].local;
}

void calo_draw_place(calo_draw *draw, uint32_t node, const calo_mat4 *local)
{
    int32_t slot = draw->randomizer->slots[node];
    if (slot < 0)
        return;
    draw->look->overrides[slot].local = *local;
    draw->look->overrides[slot].keeps_place = false;
}

calo_status calo_randomizer_track(const calo_randomizer *randomizer, const calo_pose *pose, const calo_view *views,
                                  size_t view_count, calo_look *look, calo_error *err)
{
    if (pose->scene != randomizer->scene || view_count != randomizer->subject.camera_count)
        return calo_fail(err, CALO_ERROR_ARGUMENT,
                         "%s: tracking needs a pose of the randomizer's scene and a view of each of its %u cameras",
                         randomizer->name, randomizer->subject.camera_count);
    if (look->value_count != randomizer->value_count)
        return calo_fail(err, CALO_ERROR_ARGUMENT, "%s: the look was drawn before an update", randomizer->name);
    for (uint32_t i = 0; i < randomizer->component_count; i++) {
        const calo_component *component = &randomizer->components[i];
        if (component->type->track)
            component->type->track(component, randomizer, pose, views, look);
    }
    return CALO_OK;
}

void calo_randomizer_change_view(const calo_randomizer *randomizer, uint32_t seed, uint32_t index,
                                 const double middle[3], double unit, calo_view *view)
{
    calo_draw draw = {.randomizer = randomizer, .seed = seed};
    for (uint32_t i = 0; i < randomizer->component_count && randomizer->form == CALO_CONFIG_OWN; i++) {
        draw.own = calo_own_random(seed, randomizer->components[i].name);
        draw.own.state = calo_random_next(&draw.own) ^ ((uint64_t)index + 1);
        calo_own_change_view(&draw, &randomizer->components[i], middle, unit, view);
    }
}
