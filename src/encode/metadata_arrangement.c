/* What metadata.json says about a scene of several objects. */
#include "encode/metadata.h"

static void write_placed(calo_json_writer *json, const calo_placed_facts *placed)
{
    calo_json_open(json, NULL, '{');
    if (placed->left_out) {
        calo_json_text(json, "file_identifier", placed->object.file_identifier);
        calo_json_text(json, "left_out", placed->left_out);
        calo_json_close(json, '}');
        return;
    }
    calo_json_unsigned(json, "instance_id", placed->instance_id);
    calo_json_unsigned(json, "first_material_id", placed->first_material_id);
    calo_metadata_write_matrix(json, "object_to_world", &placed->object_to_world);
    calo_json_open(json, "bounding_box", '{');
    calo_json_numbers(json, "max", placed->bounds_max, 3);
    calo_json_numbers(json, "min", placed->bounds_min, 3);
    calo_json_close(json, '}');
    calo_metadata_write_object(json, &placed->object);
    calo_json_close(json, '}');
}

void calo_metadata_write_arrangement(calo_json_writer *json, const calo_arrangement_facts *arrangement)
{
    calo_json_open(json, "arrangement", '{');
    calo_json_text(json, "kind", arrangement->name);
    calo_json_numbers(json, "size_range", arrangement->size_range, 2);
    calo_json_number(json, "spread", arrangement->spread);
    if (arrangement->ground_id)
        calo_json_unsigned(json, "ground_instance_id", arrangement->ground_id);
    else
        calo_json_text(json, "ground_instance_id", NULL);
    calo_json_close(json, '}');
    calo_json_open(json, "objects", '[');
    for (size_t i = 0; i < arrangement->object_count; i++)
        write_placed(json, &arrangement->objects[i]);
    calo_json_close(json, ']');
}
