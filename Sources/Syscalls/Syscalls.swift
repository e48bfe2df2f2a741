// The only room that talks to the C library: to be furnished.
internal import Glibc

func processIdentifier() -> Int32 { getpid() }
