// The room Weights: to be furnished.
