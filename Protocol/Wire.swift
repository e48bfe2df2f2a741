// The wire: to be furnished.
