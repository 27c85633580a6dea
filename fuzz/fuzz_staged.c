/* Staged samples, as workers leave them that may have been taken over: tars, and tensors of either kind. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "base/file.h"
#include "store/safetensors.h"
#include "store/tar.h"

static void read_tar(const calo_input *input)
{
    calo_error err = {0};
    calo_tar_member *members;
    size_t count;
    calo_status status = calo_tar_read(input, &members, &count, &err);
    fuzz_check(status == CALO_OK || err.message[0], "a failure gives a sentence");
    for (size_t i = 0; status == CALO_OK && i < count; i++) {
        fuzz_check(members[i].offset <= input->size && members[i].size <= input->size - members[i].offset,
                   "members lie in the file");
        fuzz_check(!strpbrk(members[i].ending, "/\\\n") && members[i].ending[0] != '.', "endings are plain");
    }
    free(status == CALO_OK ? members : NULL);
}

static void read_tensors(const calo_input *input, bool torch)
{
    calo_error err = {0};
    calo_tensor_list list;
    calo_status status = calo_safetensors_read(input, torch, &list, &err);
    fuzz_check(status == CALO_OK || err.message[0], "a failure gives a sentence");
    for (size_t i = 0; i < list.count; i++) {
        const calo_tensor *tensor = &list.tensors[i];
        uint64_t bytes = calo_tensor_item_bytes(tensor->type);
        for (uint32_t d = 0; d < tensor->rank; d++)
            bytes *= tensor->shape[d];
        fuzz_check(bytes == tensor->bytes, "sizes are those of the shape");
        fuzz_check(tensor->offset <= input->size && tensor->bytes <= input->size - tensor->offset,
                   "tensors lie in the file");
    }
    free(list.tensors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    calo_input input = {.file = memfd_create("staged", MFD_CLOEXEC), .path = "fuzz", .size = size};
    if (input.file < 0 || calo_file_write_all(input.file, data, size) != 0)
        abort();
    read_tar(&input);
    read_tensors(&input, false);
    read_tensors(&input, true);
    close(input.file);
    return 0;
}
