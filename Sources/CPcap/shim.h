#pragma once
#include <pcap/pcap.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <linux/if_packet.h>

// None of these headers is part of the Glibc module.

// A descriptor that polls as readable once it was written to; -1 and errno on failure.
static inline int sekisho_eventfd(void) {
  return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

// Names the calling thread for ps and debuggers, at most 15 bytes. prctl is variadic.
static inline void sekisho_name_thread(const char *name) {
  prctl(PR_SET_NAME, name);
}

// Makes a packet socket share the packets of its interface with others (packet(7), PACKET_FANOUT): each
// flow goes to one of them, in both directions, fragments put together first. A negative group founds a
// new one, whose number the kernel chooses so that no other program is in it. The number of the group,
// or -1 and errno. libpcap has no option for it.
static inline int sekisho_join_fanout(int socket, int group) {
  unsigned mode = PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_DEFRAG;
  if (group < 0) mode |= PACKET_FANOUT_FLAG_UNIQUEID;
  unsigned value = mode << 16 | (group < 0 ? 0u : (unsigned)group);
  if (setsockopt(socket, SOL_PACKET, PACKET_FANOUT, &value, sizeof value) != 0) return -1;
  socklen_t size = sizeof value;
  if (getsockopt(socket, SOL_PACKET, PACKET_FANOUT, &value, &size) != 0) return -1;
  return (int)(value & 0xFFFF);
}
