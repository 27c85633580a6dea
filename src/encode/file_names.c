#include "encode/file_names.h"

#include <stdio.h>
#include <string.h>

/* The names of the Objaverse-XL rendering scripts, continued. */
static const struct {
    const char *key, *suffix;
} channel_names[CALO_CHANNEL_COUNT] = {
    [CALO_CHANNEL_COLOR] = {"image", ""},
    [CALO_CHANNEL_DEPTH] = {"depth", "_depth"},
    [CALO_CHANNEL_NORMAL] = {"normal", "_normal"},
    [CALO_CHANNEL_GEOMETRIC_NORMAL] = {"geometric_normal", "_geometric_normal"},
    [CALO_CHANNEL_MASK] = {"mask", "_mask"},
    [CALO_CHANNEL_INSTANCE_ID] = {"instance", "_instance"},
    [CALO_CHANNEL_MATERIAL_ID] = {"material", "_material"},
    [CALO_CHANNEL_POSITION] = {"position", "_position"},
    [CALO_CHANNEL_UV] = {"uv", "_uv"},
    [CALO_CHANNEL_ALBEDO] = {"albedo", "_albedo"},
    [CALO_CHANNEL_METAL_ROUGHNESS] = {"metal_roughness", "_metal_roughness"},
};

bool calo_channel_is_png(const calo_file_layout *layout, calo_channel channel)
{
    bool is_id = channel == CALO_CHANNEL_INSTANCE_ID || channel == CALO_CHANNEL_MATERIAL_ID;
    bool is_array = channel == CALO_CHANNEL_COLOR ? layout->float_color || layout->npy_color : layout->npy_ids;
    return (channel == CALO_CHANNEL_COLOR || is_id) && !is_array;
}

void calo_channel_file_name(const calo_file_layout *layout, const char *view_name, calo_channel channel,
                            char name[CALO_FILE_NAME_BYTES])
{
    if (layout->exr)
        snprintf(name, CALO_FILE_NAME_BYTES, "%s.exr", view_name);
    else
        snprintf(name, CALO_FILE_NAME_BYTES, "%s%s.%s", view_name, channel_names[channel].suffix,
                 calo_channel_is_png(layout, channel) ? "png" : "npy");
}

const char *calo_channel_key(calo_channel channel) { return channel_names[channel].key; }
