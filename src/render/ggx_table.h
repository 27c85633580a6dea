/* Directional albedo of a GGX lobe, integrated once by scripts/make_ggx_table.py. */
#ifndef CALO_RENDER_GGX_TABLE_H
#define CALO_RENDER_GGX_TABLE_H

enum { CALO_GGX_TABLE_SIZE = 32 };

/* [perceptual roughness][cosine to the viewer], both i / 31; the single-scattering albedo is
 * scale * f0 + bias * f90 (Schlick's Fresnel, height-correlated Smith masking; Karis 2013). */
extern const float calo_ggx_table[CALO_GGX_TABLE_SIZE][CALO_GGX_TABLE_SIZE][2];

#endif
