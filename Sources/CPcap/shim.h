#pragma once
#include <pcap/pcap.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

// Neither header is part of the Glibc module.

// A descriptor that polls as readable once it was written to; -1 and errno on failure.
static inline int sekisho_eventfd(void) {
  return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

// Names the calling thread for ps and debuggers, at most 15 bytes. prctl is variadic.
static inline void sekisho_name_thread(const char *name) {
  prctl(PR_SET_NAME, name);
}
