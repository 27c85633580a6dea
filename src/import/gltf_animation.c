/* Skins and animations: what moves nodes and vertices. */
#include "import/gltf.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/linear.h"
#include "scene/build.h"

static calo_status read_inverse_bind(const calo_gltf_record *record, calo_mat4 *matrices, uint32_t joint_count)
{
    calo_gltf *gltf = record->gltf;
    int32_t index = calo_gltf_index(record, "inverseBindMatrices", CALO_GLTF_ACCESSORS);
    calo_gltf_floats floats = {0};
    if (gltf->status == CALO_OK && index >= 0)
        calo_gltf_floats_of(record, index, 16, &floats);
    if (gltf->status != CALO_OK)
        return gltf->status;
    if (floats.values && floats.count < joint_count)
        return calo_gltf_fail(record, CALO_ERROR_FORMAT, "%u joints need as many inverseBindMatrices, but there are %u",
                              joint_count, floats.count);
    for (size_t j = 0; j < joint_count; j++) {
        matrices[j] = calo_mat4_identity();
        for (int r = 0; floats.values && r < 3; r++)
            for (int c = 0; c < 4; c++)
                matrices[j].m[r][c] = floats.values[16 * j + 4 * (size_t)c + (size_t)r];
    }
    return CALO_OK;
}

static calo_status load_skin(calo_gltf *gltf, size_t index)
{
    calo_gltf_record record = calo_gltf_item(gltf, CALO_GLTF_SKINS, index);
    size_t count;
    json_t *list = calo_gltf_list(&record, "joints", &count);
    int32_t *joints = calo_gltf_take(&record, count, sizeof *joints, "joints");
    calo_mat4 *inverse_bind = joints ? calo_gltf_take(&record, count, sizeof *inverse_bind, "joints") : NULL;
    calo_skin skin = {calo_gltf_name(&record), (uint32_t)count, joints, inverse_bind};
    for (size_t j = 0; inverse_bind && j < count; j++) {
        int32_t node = calo_gltf_index_of(&record, "joints", json_array_get(list, j), gltf->counts[CALO_GLTF_NODES]);
        joints[j] = node < 0 ? -1 : gltf->node_indices[node];
    }
    if (gltf->status != CALO_OK || read_inverse_bind(&record, inverse_bind, skin.joint_count) != CALO_OK)
        return gltf->status;
    return calo_scene_add_skin(gltf->scene, &skin, gltf->err) < 0 ? calo_gltf_broken(gltf) : CALO_OK;
}

calo_status calo_gltf_load_skins(calo_gltf *gltf)
{
    for (size_t i = 0; i < gltf->counts[CALO_GLTF_SKINS]; i++)
        if (load_skin(gltf, i) != CALO_OK)
            return gltf->status;
    return CALO_OK;
}

/* A channel that cannot be used is left out: the rest pose does not need it. */
static bool drop_channel(const calo_gltf_record *channel, const char *why)
{
    char place[CALO_GLTF_PLACE_BYTES];
    calo_gltf_place(channel, place, sizeof place);
    calo_scene_warn(channel->gltf->scene, "bad-animation", "%s is left out: %s", place, why);
    return false;
}

static bool read_target(const calo_gltf_record *channel, calo_animation_channel *out)
{
    calo_gltf *gltf = channel->gltf;
    calo_gltf_record target = calo_gltf_enter(channel, "target");
    int32_t node = calo_gltf_index(&target, "node", CALO_GLTF_NODES);
    const char *path = calo_gltf_string(&target, "path");
    if (gltf->status != CALO_OK || node < 0)
        return false;
    out->node = gltf->node_indices[node];
    out->components = 3;
    if (path && strcmp(path, "translation") == 0) {
        out->path = CALO_PATH_TRANSLATION;
    } else if (path && strcmp(path, "scale") == 0) {
        out->path = CALO_PATH_SCALE;
    } else if (path && strcmp(path, "rotation") == 0) {
        out->path = CALO_PATH_ROTATION;
        out->components = 4;
    } else if (path && strcmp(path, "weights") == 0) {
        int32_t mesh = gltf->scene->nodes[out->node].mesh;
        out->path = CALO_PATH_WEIGHTS;
        out->components = mesh < 0 ? 0 : gltf->scene->meshes[mesh].weight_count;
        if (out->components == 0)
            return drop_channel(channel, "its node has no morph targets");
    } else {
        return drop_channel(channel, "its path is not translation, rotation, scale or weights");
    }
    if (out->path != CALO_PATH_WEIGHTS && gltf->scene->nodes[out->node].has_matrix)
        return drop_channel(channel, "its node has a matrix, which cannot be animated");
    return true;
}

static bool is_ascending(const calo_gltf_floats *times)
{
    for (uint32_t i = 0; i < times->count; i++)
        if (!isfinite(times->values[i]) || (i > 0 && times->values[i] < times->values[i - 1]))
            return false;
    return true;
}

static bool is_finite(const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

static bool read_keys(const calo_gltf_record *channel, const calo_gltf_record *sampler, calo_animation_channel *out)
{
    calo_gltf *gltf = channel->gltf;
    int32_t input = calo_gltf_index(sampler, "input", CALO_GLTF_ACCESSORS);
    int32_t output = calo_gltf_index(sampler, "output", CALO_GLTF_ACCESSORS);
    calo_gltf_floats times = {0}, values = {0};
    calo_gltf_accessor accessor;
    if (gltf->status != CALO_OK)
        return false;
    if (input < 0 || output < 0)
        return drop_channel(channel, "its sampler has no input or no output");
    if (calo_gltf_floats_of(sampler, input, 1, &times) != CALO_OK ||
        calo_gltf_accessor_open(gltf, output, &accessor) != CALO_OK ||
        calo_gltf_read_floats(sampler, &accessor, CALO_GLTF_PLAIN, &values) != CALO_OK)
        return false;
    if (accessor.components != (out->path == CALO_PATH_WEIGHTS ? 1 : out->components))
        return drop_channel(channel, "its values have the wrong number of components");
    uint64_t value_count = (uint64_t)values.count * accessor.components;
    uint64_t a_key = (uint64_t)out->components * (out->interpolation == CALO_INTERPOLATION_CUBIC ? 3 : 1);
    if (times.count == 0 || value_count < times.count * a_key)
        return drop_channel(channel, "it has no keys, or fewer values than its keys need");
    if (!is_ascending(&times) || !is_finite(values.values, (size_t)value_count))
        return drop_channel(channel, "its times do not ascend, or not all of its numbers are finite");
    out->key_count = times.count;
    out->times_seconds = times.values;
    out->values = values.values;
    return true;
}

static bool read_channel(const calo_gltf_record *animation, const calo_gltf_record *channel, json_t *samplers,
                         calo_animation_channel *out)
{
    const json_t *value = json_object_get(channel->object, "sampler");
    if (!read_target(channel, out))
        return false;
    int32_t index = calo_gltf_index_of(channel, "sampler", value, json_array_size(samplers));
    if (index < 0)
        return false;
    calo_gltf_record sampler = calo_gltf_list_item(animation, "samplers", samplers, (size_t)index);
    const char *interpolation = calo_gltf_string(&sampler, "interpolation");
    if (!interpolation || strcmp(interpolation, "LINEAR") == 0)
        out->interpolation = CALO_INTERPOLATION_LINEAR;
    else if (strcmp(interpolation, "STEP") == 0)
        out->interpolation = CALO_INTERPOLATION_STEP;
    else if (strcmp(interpolation, "CUBICSPLINE") == 0)
        out->interpolation = CALO_INTERPOLATION_CUBIC;
    else
        return drop_channel(channel, "its interpolation is not LINEAR, STEP or CUBICSPLINE");
    return read_keys(channel, &sampler, out);
}

static calo_status load_animation(calo_gltf *gltf, size_t index)
{
    calo_gltf_record record = calo_gltf_item(gltf, CALO_GLTF_ANIMATIONS, index);
    size_t count, sampler_count;
    json_t *list = calo_gltf_list(&record, "channels", &count);
    json_t *samplers = calo_gltf_list(&record, "samplers", &sampler_count);
    calo_animation_channel *channels = calo_gltf_take(&record, count, sizeof *channels, "animation channels");
    calo_animation animation = {.name = calo_gltf_name(&record), .channels = channels};
    for (size_t i = 0; i < count && gltf->status == CALO_OK; i++) {
        calo_gltf_record channel = calo_gltf_list_item(&record, "channels", list, i);
        calo_animation_channel *out = &channels[animation.channel_count];
        *out = (calo_animation_channel){0};
        if (!read_channel(&record, &channel, samplers, out))
            continue;
        float last = out->times_seconds[out->key_count - 1];
        animation.duration_seconds = last > animation.duration_seconds ? last : animation.duration_seconds;
        animation.channel_count++;
    }
    if (gltf->status != CALO_OK)
        return gltf->status;
    return calo_scene_add_animation(gltf->scene, &animation, gltf->err) < 0 ? calo_gltf_broken(gltf) : CALO_OK;
}

calo_status calo_gltf_load_animations(calo_gltf *gltf)
{
    for (size_t i = 0; i < gltf->counts[CALO_GLTF_ANIMATIONS]; i++)
        if (load_animation(gltf, i) != CALO_OK)
            return gltf->status;
    return CALO_OK;
}
