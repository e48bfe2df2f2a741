// The room Service: to be furnished.
