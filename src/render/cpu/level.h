/* The kernels are built once for each instruction set; each build's functions get its name. */
#ifndef CALO_RENDER_CPU_LEVEL_H
#define CALO_RENDER_CPU_LEVEL_H

#ifndef CALO_CPU_LEVEL
#define CALO_CPU_LEVEL baseline
#endif

#define CALO_CPU_JOIN2(name, level) name##_##level
#define CALO_CPU_JOIN(name, level) CALO_CPU_JOIN2(name, level)
#define CALO_CPU_NAME(name) CALO_CPU_JOIN(name, CALO_CPU_LEVEL)

#define calo_cpu_kernel_table CALO_CPU_NAME(calo_cpu_kernel_table)
#define calo_cpu_camera_init CALO_CPU_NAME(calo_cpu_camera_init)
#define calo_cpu_object_projection CALO_CPU_NAME(calo_cpu_object_projection)
#define calo_cpu_pixel_direction CALO_CPU_NAME(calo_cpu_pixel_direction)
#define calo_cpu_draw_geometry CALO_CPU_NAME(calo_cpu_draw_geometry)
#define calo_cpu_find_clusters CALO_CPU_NAME(calo_cpu_find_clusters)
#define calo_cpu_clip_one CALO_CPU_NAME(calo_cpu_clip_one)
#define calo_cpu_clip_cluster CALO_CPU_NAME(calo_cpu_clip_cluster)
#define calo_cpu_draw_lines_and_points CALO_CPU_NAME(calo_cpu_draw_lines_and_points)
#define calo_cpu_flush_queue CALO_CPU_NAME(calo_cpu_flush_queue)
#define calo_cpu_resolve_finish CALO_CPU_NAME(calo_cpu_resolve_finish)
#define calo_cpu_rasterize_large CALO_CPU_NAME(calo_cpu_rasterize_large)
#define calo_cpu_rasterize_batch CALO_CPU_NAME(calo_cpu_rasterize_batch)
#define calo_cpu_reserve_occlusion CALO_CPU_NAME(calo_cpu_reserve_occlusion)
#define calo_cpu_occlusion_finish CALO_CPU_NAME(calo_cpu_occlusion_finish)
#define calo_cpu_sort_draws CALO_CPU_NAME(calo_cpu_sort_draws)
#define calo_cpu_begin_occlusion CALO_CPU_NAME(calo_cpu_begin_occlusion)
#define calo_cpu_refresh_occlusion CALO_CPU_NAME(calo_cpu_refresh_occlusion)
#define calo_cpu_draw_is_hidden CALO_CPU_NAME(calo_cpu_draw_is_hidden)
#define calo_cpu_drop_hidden CALO_CPU_NAME(calo_cpu_drop_hidden)
#define calo_cpu_visit_slots CALO_CPU_NAME(calo_cpu_visit_slots)
#define calo_cpu_collect_fragments CALO_CPU_NAME(calo_cpu_collect_fragments)
#define calo_cpu_element_of CALO_CPU_NAME(calo_cpu_element_of)
#define calo_cpu_element_line_weight CALO_CPU_NAME(calo_cpu_element_line_weight)
#define calo_cpu_mixes_find CALO_CPU_NAME(calo_cpu_mixes_find)
#define calo_cpu_surface_find CALO_CPU_NAME(calo_cpu_surface_find)
#define calo_cpu_surface_alpha CALO_CPU_NAME(calo_cpu_surface_alpha)
#define calo_cpu_texture_place CALO_CPU_NAME(calo_cpu_texture_place)
#define calo_cpu_texture_prefetch CALO_CPU_NAME(calo_cpu_texture_prefetch)
#define calo_cpu_texture_sample CALO_CPU_NAME(calo_cpu_texture_sample)
#define calo_cpu_shade CALO_CPU_NAME(calo_cpu_shade)
#define calo_cpu_resolve CALO_CPU_NAME(calo_cpu_resolve)
#define calo_cpu_draw_state_make CALO_CPU_NAME(calo_cpu_draw_state_make)
#define calo_cpu_tile_clear CALO_CPU_NAME(calo_cpu_tile_clear)
#define calo_cpu_tile_area CALO_CPU_NAME(calo_cpu_tile_area)
#define calo_cpu_tile_put CALO_CPU_NAME(calo_cpu_tile_put)
#define calo_cpu_tile_write CALO_CPU_NAME(calo_cpu_tile_write)
#define calo_cpu_tile_write_color CALO_CPU_NAME(calo_cpu_tile_write_color)
#define calo_cpu_tile_write_empty CALO_CPU_NAME(calo_cpu_tile_write_empty)

#endif
