#pragma once
#include <stddef.h>
#include <stdint.h>

// libFuzzer as a library (LLVM, "libFuzzer – a library for coverage-guided fuzz testing"). It is in the
// toolchain's compiler-rt and comes with the linker option -sanitize=fuzzer.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*read)(const uint8_t *bytes, size_t count));
