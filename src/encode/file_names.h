/* Which file of an object holds which channel, and what metadata.json calls it. */
#ifndef CALO_ENCODE_FILE_NAMES_H
#define CALO_ENCODE_FILE_NAMES_H

#include <calotype/image.h>
#include <calotype/view.h>

/* How an object's pictures are laid out. All zero: PNG and npy. */
typedef struct calo_file_layout {
    bool exr;         /* one multi-channel EXR a view */
    bool float_color; /* colour is linear floats: npy instead of PNG */
    bool npy_ids;     /* ids as npy instead of 16-bit PNG */
    bool npy_color;   /* colour of 8 bits as npy instead of PNG, too */
} calo_file_layout;

enum { CALO_FILE_NAME_BYTES = CALO_VIEW_NAME_BYTES + 32 };

/* "000_depth.npy" */
void calo_channel_file_name(const calo_file_layout *layout, const char *view_name, calo_channel channel,
                            char name[CALO_FILE_NAME_BYTES]);
/* True for PNG; everything else but EXR is npy. */
bool calo_channel_is_png(const calo_file_layout *layout, calo_channel channel);
/* The key of a view in metadata.json: "image", "depth", "normal", ... */
const char *calo_channel_key(calo_channel channel);

#endif
