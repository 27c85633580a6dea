/* What a finished object is on disk. */
#ifndef CALOTYPE_PACKAGE_H
#define CALOTYPE_PACKAGE_H

typedef enum calo_package {
    CALO_PACKAGE_FILES = 0, /* FOLDER/NAME/ */
    CALO_PACKAGE_ZIP,       /* FOLDER/NAME.zip with NAME/ inside */
    CALO_PACKAGE_WEBDATASET,  /* tar shards */
    CALO_PACKAGE_TORCH,       /* chunks as torch.save writes them */
    CALO_PACKAGE_SAFETENSORS, /* shards of tensors */
} calo_package;

#endif
