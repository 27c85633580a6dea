/* What a finished object is on disk: docs/dataset-packages.md. */
#ifndef CALOTYPE_PACKAGE_H
#define CALOTYPE_PACKAGE_H

typedef enum calo_package {
    CALO_PACKAGE_FILES = 0,   /* FOLDER/NAME/ */
    CALO_PACKAGE_ZIP,         /* FOLDER/NAME.zip with NAME/ inside */
    CALO_PACKAGE_WEBDATASET,  /* FOLDER/NAME.tar with NAME.000.png, ..., NAME.json */
    CALO_PACKAGE_TORCH,       /* FOLDER/NAME.torch: a list of one dictionary for torch.load */
    CALO_PACKAGE_SAFETENSORS, /* FOLDER/NAME.safetensors with NAME/depth, ... */
} calo_package;

#endif
