// The room TextflixClient: to be furnished.
