#include "import/textures.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/thread.h"
#include "image/decode.h"
#include "import/kept_pixels.h"
#include "scene/build.h"

/* One image that waits for decoding: bytes that the caller keeps, or the path of a file. */
typedef struct waiting_image {
    int32_t image;
    char *link, *path; /* path NULL: bytes, or a placeholder already warned about */
    const void *bytes;
    size_t size;
    uint64_t reserved_bytes; /* of the scene's memory */
    uint32_t halvings;
    uint32_t width, height; /* before halving */
    bool bad;
    char *reason; /* why it is bad */
} waiting_image;

struct calo_texture_loader {
    const calo_import_source *source;
    calo_scene *scene;
    waiting_image *images;
    size_t count, capacity;
    /* Open addressing over the links: an index into `images` + 1, 0 = free. */
    uint32_t *slots;
    size_t slot_count;
    pthread_mutex_t arena_lock;
};

static const uint8_t white_texel[4] = {255, 255, 255, 255};

calo_status calo_texture_loader_create(const calo_import_source *source, calo_scene *scene,
                                       calo_texture_loader **loader, calo_error *err)
{
    *loader = calloc(1, sizeof **loader);
    if (!*loader)
        return calo_fail_memory(err, "the textures", sizeof **loader);
    (*loader)->source = source;
    (*loader)->scene = scene;
    pthread_mutex_init(&(*loader)->arena_lock, NULL);
    return CALO_OK;
}

void calo_texture_loader_destroy(calo_texture_loader *loader)
{
    if (!loader)
        return;
    for (size_t i = 0; i < loader->count; i++) {
        free(loader->images[i].link);
        free(loader->images[i].path);
        free(loader->images[i].reason);
    }
    pthread_mutex_destroy(&loader->arena_lock);
    free(loader->images);
    free(loader->slots);
    free(loader);
}

/* A placeholder in the scene until it is decoded. */
static waiting_image *add_waiting(calo_texture_loader *loader, const char *name, calo_error *err)
{
    if (loader->count == loader->capacity) {
        size_t capacity = loader->capacity ? loader->capacity * 2 : 16;
        waiting_image *grown = realloc(loader->images, capacity * sizeof *grown);
        if (!grown) {
            calo_fail_memory(err, "the textures", capacity * sizeof *grown);
            return NULL;
        }
        loader->images = grown;
        loader->capacity = capacity;
    }
    const char *kept = calo_scene_text(loader->scene, name, err);
    if (!kept)
        return NULL;
    calo_scene_image image = {.name = kept, .width = 1, .height = 1, .pixels = white_texel, .missing = true};
    int32_t index = calo_scene_add_image(loader->scene, &image, err);
    if (index < 0)
        return NULL;
    waiting_image *waiting = &loader->images[loader->count++];
    *waiting = (waiting_image){.image = index};
    return waiting;
}

int32_t calo_texture_loader_add_bytes(calo_texture_loader *loader, const char *name, const void *bytes, size_t size,
                                      calo_error *err)
{
    waiting_image *waiting = add_waiting(loader, name, err);
    if (!waiting)
        return -1;
    waiting->bytes = bytes;
    waiting->size = size;
    return waiting->image;
}

static uint64_t hash_text(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * 0x100000001b3u;
    return hash;
}

/* The slot that holds `link`, or the free one where it belongs. */
static uint32_t *find_slot(const calo_texture_loader *loader, const char *link)
{
    size_t at = hash_text(link) & (loader->slot_count - 1);
    while (loader->slots[at] && strcmp(loader->images[loader->slots[at] - 1].link, link) != 0)
        at = (at + 1) & (loader->slot_count - 1);
    return &loader->slots[at];
}

/* Keeps at least half of the slots free. */
static calo_status make_slots(calo_texture_loader *loader, calo_error *err)
{
    if ((loader->count + 1) * 2 <= loader->slot_count)
        return CALO_OK;
    size_t slot_count = loader->slot_count ? loader->slot_count * 2 : 64;
    uint32_t *slots = calloc(slot_count, sizeof *slots);
    if (!slots)
        return calo_fail_memory(err, "the textures", slot_count * sizeof *slots);
    free(loader->slots);
    loader->slots = slots;
    loader->slot_count = slot_count;
    for (size_t i = 0; i < loader->count; i++)
        if (loader->images[i].link)
            *find_slot(loader, loader->images[i].link) = (uint32_t)i + 1;
    return CALO_OK;
}

/* Sets waiting->path; what cannot be had stays a placeholder with a warning. */
static calo_status find_file(calo_texture_loader *loader, waiting_image *waiting, bool uri, calo_error *err)
{
    if (!loader->source->has_folder) {
        calo_scene_warn(loader->scene, "missing-texture",
                        "the texture \"%s\" is a file of its own, but the asset came from memory without a path: "
                        "white stands in for it", waiting->link);
        return CALO_OK;
    }
    calo_error why = {0};
    calo_status status = calo_path_resolve(loader->source->path, waiting->link, uri,
                                           loader->source->limits.allow_outside_paths, &waiting->path, &why);
    if (status == CALO_ERROR_NOT_FOUND)
        calo_scene_warn(loader->scene, "missing-texture", "the texture %s: white stands in for it", why.message);
    else if (status != CALO_OK && status != CALO_ERROR_MEMORY)
        calo_scene_warn(loader->scene, "outside-path", "a texture is left out (white stands in for it): %s",
                        why.message);
    else if (status != CALO_OK && err)
        *err = why;
    /* Only a lack of memory is a failure. */
    return status == CALO_ERROR_MEMORY ? status : CALO_OK;
}

int32_t calo_texture_loader_add_file(calo_texture_loader *loader, const char *link, bool uri, calo_error *err)
{
    if (make_slots(loader, err) != CALO_OK)
        return -1;
    uint32_t *slot = find_slot(loader, link);
    if (*slot)
        return loader->images[*slot - 1].image;
    waiting_image *waiting = add_waiting(loader, link, err);
    if (!waiting)
        return -1;
    waiting->link = strdup(link);
    if (!waiting->link) {
        calo_fail_memory(err, "a file name", strlen(link));
        return -1;
    }
    *slot = (uint32_t)loader->count;
    return find_file(loader, waiting, uri, err) == CALO_OK ? waiting->image : -1;
}

void calo_texture_halve(calo_image *image)
{
    uint32_t width = image->width > 1 ? image->width / 2 : 1, height = image->height > 1 ? image->height / 2 : 1;
    size_t right = image->width > 1 ? 4 : 0, below = image->height > 1 ? image->row_bytes : 0;
    size_t step_x = image->width > 1 ? 8 : 4, step_y = image->height > 1 ? 2 * image->row_bytes : image->row_bytes;
    uint8_t *to = image->data;
    for (uint32_t y = 0; y < height; y++) {
        const uint8_t *from = (const uint8_t *)image->data + y * step_y;
        for (uint32_t x = 0; x < width; x++, from += step_x, to += 4)
            for (int c = 0; c < 4; c++)
                to[c] = (uint8_t)((from[c] + from[right + c] + from[below + c] + from[below + right + c] + 2) / 4);
    }
    image->width = width;
    image->height = height;
    image->row_bytes = (size_t)width * 4;
}

/* A decoding thread at work on an image. */
typedef struct decoding {
    calo_texture_loader *loader;
    waiting_image *waiting;
} decoding;

/* Pictures are counted against the scene's memory before they are decoded, by whichever thread comes first: the
 * sentence must not tell which. */
static calo_status reserve(void *user, uint64_t bytes, calo_error *err)
{
    const decoding *work = user;
    calo_texture_loader *loader = work->loader;
    pthread_mutex_lock(&loader->arena_lock);
    calo_status status = calo_arena_reserve(calo_scene_arena(loader->scene), bytes, "", NULL);
    pthread_mutex_unlock(&loader->arena_lock);
    if (status != CALO_OK)
        return calo_fail(err, status, "%s: its textures pass the memory limit of %llu bytes: raise it with --max-memory",
                         loader->source->path, (unsigned long long)loader->source->limits.max_memory_bytes);
    work->waiting->reserved_bytes = bytes;
    return CALO_OK;
}

static void release(calo_texture_loader *loader, waiting_image *waiting, uint64_t kept_bytes)
{
    pthread_mutex_lock(&loader->arena_lock);
    calo_arena_release(calo_scene_arena(loader->scene), waiting->reserved_bytes - kept_bytes);
    pthread_mutex_unlock(&loader->arena_lock);
    waiting->reserved_bytes = kept_bytes;
}

static void shrink(calo_texture_loader *loader, waiting_image *waiting, calo_image *image)
{
    uint32_t longest = loader->source->limits.max_texture_pixels;
    waiting->width = image->width;
    waiting->height = image->height;
    for (; image->width > longest || image->height > longest; waiting->halvings++)
        calo_texture_halve(image);
    if (waiting->halvings == 0)
        return;
    size_t bytes = image->row_bytes * image->height;
    void *smaller = realloc(image->data, bytes);
    image->data = smaller ? smaller : image->data;
    release(loader, waiting, bytes);
}

/* Where texels come from: memory of their own, or a mapping of the cache. */
typedef struct texels {
    uint32_t width, height;
    const uint8_t *pixels;
    void *memory;
    size_t mapped_bytes;    /* 0: malloc'ed */
    const calo_sha256 *key; /* NULL: without a cache */
} texels;

static calo_status adopt(calo_arena *arena, const texels *from, const uint8_t **key, calo_error *err)
{
    if (from->key) {
        uint8_t *copy = CALO_ARENA_TAKE(arena, uint8_t, sizeof *from->key, "a key", err);
        if (!copy)
            return calo_failed(err);
        *key = memcpy(copy, from->key, sizeof *from->key);
    }
    return from->mapped_bytes > 0 ? calo_arena_adopt_mapping(arena, from->memory, from->mapped_bytes, err)
                                  : calo_arena_adopt(arena, from->memory, err);
}

static calo_status move_to_scene(calo_texture_loader *loader, const waiting_image *waiting, const texels *from,
                                 calo_error *err)
{
    calo_scene_image *target = &loader->scene->images[waiting->image];
    const uint8_t *key = NULL;
    pthread_mutex_lock(&loader->arena_lock);
    calo_status status = adopt(calo_scene_arena(loader->scene), from, &key, err);
    pthread_mutex_unlock(&loader->arena_lock);
    if (status != CALO_OK)
        return status;
    target->width = from->width;
    target->height = from->height;
    target->pixels = from->pixels;
    target->content_key = key;
    target->missing = false;
    return CALO_OK;
}

/* What decoding would have left, counted and told in the same way. */
static calo_status use_kept(decoding *work, const calo_sha256 *key, calo_kept_pixels *kept, calo_error *err)
{
    waiting_image *waiting = work->waiting;
    size_t bytes = (size_t)kept->width * kept->height * 4;
    texels from = {kept->width, kept->height, kept->pixels, kept->entry.mapping, kept->entry.mapping_bytes, key};
    waiting->width = kept->file_width;
    waiting->height = kept->file_height;
    waiting->halvings = kept->halvings;
    calo_status status = reserve(work, (uint64_t)kept->file_width * kept->file_height * 4, err);
    if (status == CALO_OK && kept->halvings > 0)
        release(work->loader, waiting, bytes);
    if (status == CALO_OK)
        status = move_to_scene(work->loader, waiting, &from, err);
    if (status != CALO_OK)
        calo_cache_entry_finish(&kept->entry);
    return status;
}

static calo_status decode_picture(const decoding *work, const calo_image_source *source, const calo_sha256 *key,
                                  calo_error *err)
{
    calo_image image = {0};
    calo_status status = calo_image_decode_source(source, &image, err);
    if (status == CALO_OK && image.format != CALO_PIXEL_RGBA8)
        status = calo_fail(err, CALO_ERROR_UNSUPPORTED, "%s holds floating point numbers, which textures cannot",
                           source->name);
    if (status == CALO_OK) {
        shrink(work->loader, work->waiting, &image);
        if (key)
            calo_kept_pixels_put(work->loader->source->cache, key, work->waiting->width, work->waiting->height, &image);
        texels from = {image.width, image.height, image.data, image.data, 0, key};
        status = move_to_scene(work->loader, work->waiting, &from, err);
    }
    if (status != CALO_OK)
        calo_image_finish(&image);
    return status;
}

static calo_status decode_bytes(calo_texture_loader *loader, waiting_image *waiting, const void *bytes, size_t size,
                                calo_error *err)
{
    decoding work = {loader, waiting};
    const calo_limits *limits = &loader->source->limits;
    const calo_image_source source = {bytes, size, loader->scene->images[waiting->image].name, *limits, reserve, &work};
    calo_cache *cache = loader->source->cache;
    calo_sha256 key = cache ? calo_kept_pixels_key(bytes, size, limits) : (calo_sha256){{0}};
    calo_kept_pixels kept;
    calo_status status = calo_kept_pixels_find(cache, &key, limits, &kept)
                             ? use_kept(&work, &key, &kept, err)
                             : decode_picture(&work, &source, cache ? &key : NULL, err);
    if (status != CALO_OK)
        release(loader, waiting, 0);
    return status;
}

/* A picture that cannot be read is noted for a warning; limits and memory end the loading. */
static calo_status decode_one(void *user, uint32_t worker, size_t index, calo_error *err)
{
    (void)worker;
    calo_texture_loader *loader = user;
    waiting_image *waiting = &loader->images[index];
    calo_file file = {0};
    calo_error why = {0};
    calo_status status = CALO_OK;
    if (waiting->path) {
        status = calo_file_read(waiting->path, loader->source->limits.max_file_bytes, &file, &why);
        if (status == CALO_OK)
            status = decode_bytes(loader, waiting, file.bytes, file.size, &why);
    } else if (waiting->bytes) {
        status = decode_bytes(loader, waiting, waiting->bytes, waiting->size, &why);
    }
    calo_file_finish(&file);
    if (status == CALO_OK)
        return CALO_OK;
    if (status == CALO_ERROR_LIMIT || status == CALO_ERROR_MEMORY) {
        *err = why;
        return status;
    }
    waiting->bad = true;
    waiting->reason = strdup(why.message);
    return CALO_OK;
}

/* In the order of the images, so that the same file gives the same list. */
static calo_status report(calo_texture_loader *loader, calo_error *err)
{
    for (size_t i = 0; i < loader->count; i++) {
        const waiting_image *waiting = &loader->images[i];
        const calo_scene_image *image = &loader->scene->images[waiting->image];
        if (waiting->bad)
            calo_scene_warn(loader->scene, "bad-texture", "a texture cannot be read (white stands in for it): %s",
                            waiting->reason ? waiting->reason : image->name);
        if (waiting->halvings)
            calo_scene_warn(loader->scene, "large-texture",
                            "the texture %s of %u x %u texels is over the limit of %u a side: %u x %u are used",
                            image->name, waiting->width, waiting->height, loader->source->limits.max_texture_pixels,
                            image->width, image->height);
        if (waiting->path && !waiting->bad) {
            calo_status status = calo_scene_add_linked_file(loader->scene, waiting->link, err);
            if (status != CALO_OK)
                return status;
        }
    }
    return CALO_OK;
}

calo_status calo_texture_loader_decode(calo_texture_loader *loader, calo_error *err)
{
    calo_status status = calo_thread_for(loader->source->threads, loader->count, decode_one, loader, err);
    if (status == CALO_OK)
        status = report(loader, err);
    /* What is decoded does not wait any longer. */
    for (size_t i = 0; i < loader->count; i++) {
        waiting_image *waiting = &loader->images[i];
        free(waiting->path);
        waiting->path = NULL;
        waiting->bytes = NULL;
        waiting->bad = false;
        waiting->halvings = 0;
    }
    return status;
}
