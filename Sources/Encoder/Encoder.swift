// The room Encoder: to be furnished.
