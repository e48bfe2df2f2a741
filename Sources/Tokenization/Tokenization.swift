// The room Tokenization: to be furnished.
