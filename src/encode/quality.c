#include "encode/quality.h"

static const char *const names[CALO_QUALITY_COUNT] = {
    [CALO_QUALITY_BLANK] = "blank",
    [CALO_QUALITY_TINY] = "tiny",
    [CALO_QUALITY_CLIPPED] = "clipped",
    [CALO_QUALITY_ALL_WHITE] = "all_white",
    [CALO_QUALITY_ALL_BLACK] = "all_black",
    [CALO_QUALITY_NAN] = "nan",
    [CALO_QUALITY_DEGENERATE_BOX] = "degenerate_box",
    [CALO_QUALITY_FLAT_BOX] = "flat_box",
    [CALO_QUALITY_HUGE_BOX] = "huge_box",
    [CALO_QUALITY_FAR_BOX] = "far_box",
    [CALO_QUALITY_MISSING_TEXTURE] = "missing_texture",
    [CALO_QUALITY_FLIPPED_NORMALS] = "flipped_normals",
};

const char *calo_quality_flag_name(calo_quality_flag flag)
{
    return (unsigned)flag < CALO_QUALITY_COUNT ? names[flag] : "";
}

bool calo_quality_flag_is_of_views(calo_quality_flag flag)
{
    return (unsigned)flag <= CALO_QUALITY_NAN;
}

static void write_flags(calo_json_writer *json, uint32_t flags)
{
    calo_json_open(json, "flags", '[');
    for (int f = 0; f < CALO_QUALITY_COUNT; f++)
        if (flags >> f & 1)
            calo_json_text(json, NULL, names[f]);
    calo_json_close(json, ']');
}

void calo_quality_write_view(calo_json_writer *json, const calo_view_quality *quality)
{
    calo_json_open(json, "quality", '{');
    write_flags(json, quality->flags);
    calo_json_number(json, "coverage", quality->coverage);
    calo_json_number(json, "border", quality->border);
    calo_json_number(json, "white", quality->white);
    calo_json_number(json, "black", quality->black);
    calo_json_close(json, '}');
}

void calo_quality_write_object(calo_json_writer *json, const calo_object_quality *quality)
{
    calo_json_open(json, "quality", '{');
    write_flags(json, quality->flags);
    calo_json_open(json, "views_with", '{');
    for (int f = 0; f < CALO_QUALITY_COUNT; f++)
        if (calo_quality_flag_is_of_views((calo_quality_flag)f))
            calo_json_unsigned(json, names[f], quality->views_with[f]);
    calo_json_close(json, '}');
    calo_json_open(json, "coverage", '{');
    calo_json_number(json, "least", quality->coverage_least);
    calo_json_number(json, "mean", quality->coverage_mean);
    calo_json_number(json, "most", quality->coverage_most);
    calo_json_close(json, '}');
    calo_json_unsigned(json, "missing_textures", quality->missing_textures);
    calo_json_number(json, "flipped_normals", quality->flipped_normals);
    calo_json_close(json, '}');
}
