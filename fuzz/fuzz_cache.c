/* A cache file of any bytes, and decoded texels of any content under a checksum that fits. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "fuzz.h"
#include "import/kept_pixels.h"

static char folder[] = "/tmp/calotype-fuzz-XXXXXX";

static void remove_folder(void) { calo_folder_remove(folder); }

static calo_cache *open_cache(void)
{
    static calo_cache *cache; /* one for all inputs: libFuzzer has one thread */
    if (!cache) {
        fuzz_check(mkdtemp(folder) && calo_cache_open(folder, 0, &cache, NULL) == CALO_OK, "a cache can be opened");
        atexit(remove_folder);
    }
    return cache;
}

static void find(calo_cache *cache, const calo_sha256 *key)
{
    const calo_limits limits = fuzz_limits();
    calo_kept_pixels kept;
    unsigned sum = 0;
    if (!calo_kept_pixels_find(cache, key, &limits, &kept))
        return;
    fuzz_check(kept.width <= limits.max_texture_pixels && kept.height <= limits.max_texture_pixels && kept.width &&
               kept.height, "a kept picture keeps the limits");
    for (size_t i = 0; i < 4 * (size_t)kept.width * kept.height; i++)
        sum += kept.pixels[i];
    fuzz_check(sum != 1 || kept.pixels, "all texels are there");
    calo_cache_entry_finish(&kept.entry);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    calo_cache *cache = open_cache();
    const calo_sha256 key = calo_cache_key("fuzz", NULL, 0);
    char digits[65];
    calo_sha256_text(&key, digits);
    char *path = calo_text_format("%s/%s.calo", folder, digits);
    fuzz_check(path && calo_file_write(path, data, size, NULL) == CALO_OK, "a file can be written");
    find(cache, &key);
    calo_cache_put(cache, &key, &(calo_cache_part){data, size}, 1);
    find(cache, &key);
    free(path);
    return 0;
}
