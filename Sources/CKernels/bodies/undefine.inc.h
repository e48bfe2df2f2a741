// Forgets what defined one tile, so that the next may be defined.
#undef TILE_FN
#undef tile_vector
#undef tile_a
#undef tile_b
#undef TILE_A
#undef TILE_B
#undef TILE_DOT
#undef TILE_ROWS
#undef TILE_VECTORS
#undef TILE_VALUES
#undef TILE_HALVES
#undef PRODUCT_INT8
#undef PRODUCT_EXACT
#undef ATTENTION_BF16
