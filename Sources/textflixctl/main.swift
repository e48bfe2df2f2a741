import Syscalls

print("not yet")
