// The room Numerics: to be furnished.
