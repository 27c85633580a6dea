/* Quality as JSON: what metadata.json and the facts of a data set's workers say of it. */
#ifndef CALO_ENCODE_QUALITY_H
#define CALO_ENCODE_QUALITY_H

#include <calotype/quality.h>

#include "encode/json_writer.h"

/* "quality": {...} into the open object of `json`. */
void calo_quality_write_view(calo_json_writer *json, const calo_view_quality *quality);
void calo_quality_write_object(calo_json_writer *json, const calo_object_quality *quality);

#endif
