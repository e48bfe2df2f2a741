// The room CommandLineTable: to be furnished.
