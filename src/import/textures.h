/* Texture images of an asset: found, read, decoded side by side, replaced when missing. */
#ifndef CALO_IMPORT_TEXTURES_H
#define CALO_IMPORT_TEXTURES_H

#include <calotype/image.h>

#include "import/importer.h"

/* Images wait here until calo_texture_loader_decode. One thread at a time. */
typedef struct calo_texture_loader calo_texture_loader;

calo_status calo_texture_loader_create(const calo_import_source *source, calo_scene *scene,
                                       calo_texture_loader **loader, calo_error *err);
void calo_texture_loader_destroy(calo_texture_loader *loader);

/* Adds a scene image decoded later; returns its index or -1 with `err` filled. `bytes` must stay
 * valid until decode. */
int32_t calo_texture_loader_add_bytes(calo_texture_loader *loader, const char *name, const void *bytes, size_t size,
                                      calo_error *err);

/* The same for a file that the asset names. The same name gives the same image. A file that is
 * missing, leaves the folder or cannot be decoded becomes a placeholder with a warning
 * (missing-texture, outside-path, bad-texture), not a failure. */
int32_t calo_texture_loader_add_file(calo_texture_loader *loader, const char *link, bool uri, calo_error *err);

/* Decodes all images in parallel into the scene's memory, halving those over max_texture_pixels
 * (warning large-texture). A placeholder is one white texel, so that the
 * material's factor decides, and is marked as missing. */
calo_status calo_texture_loader_decode(calo_texture_loader *loader, calo_error *err);

/* Halves both sides of an RGBA8 picture in its own memory, by the mean of two by two texels; an odd last row or column is
 * left out. */
void calo_texture_halve(calo_image *image);

#endif
