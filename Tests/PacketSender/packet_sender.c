#define _GNU_SOURCE
#include "packet_sender.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { frame_size = 60, batch = 64, addresses = 60000 };

// How much later than asked for a sleep may end, in nanoseconds.
enum { wake_up = 100000 };

// A socket stays in the namespace in which it was made; the thread goes back at once.
static int socket_in(const char *path, int domain, int type, int protocol) {
  int here = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  int there = open(path, O_RDONLY | O_CLOEXEC);
  int made = -1;
  if (here >= 0 && there >= 0 && setns(there, CLONE_NEWNET) == 0) {
    made = socket(domain, type | SOCK_CLOEXEC, protocol);
    if (setns(here, CLONE_NEWNET) != 0 && made >= 0) {
      close(made);
      made = -1;
    }
  }
  if (here >= 0) close(here);
  if (there >= 0) close(there);
  return made;
}

int udp_socket_in(const char *path, int family) {
  return socket_in(path, family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
}

int udp_send(int socket, const char *address, uint16_t port) {
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  const char byte = 'x';
  if (inet_pton(AF_INET, address, &v4.sin_addr) == 1)
    return sendto(socket, &byte, 1, 0, (struct sockaddr *)&v4, sizeof v4) == 1 ? 0 : -1;
  if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1)
    return sendto(socket, &byte, 1, 0, (struct sockaddr *)&v6, sizeof v6) == 1 ? 0 : -1;
  return -1;
}

int udp_bind(int socket, const char *address, uint16_t port) {
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
  if (inet_pton(AF_INET, address, &v4.sin_addr) != 1) return -1;
  return bind(socket, (struct sockaddr *)&v4, sizeof v4);
}

int answer_then_contact(int resolver, int terminal, const char *address, uint16_t port, const uint8_t *answer,
                        int64_t length, int64_t microseconds, const char *contact, uint16_t contact_port) {
  struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons(port)};
  struct timeval second = {.tv_sec = 1};
  char taken[1500];
  if (inet_pton(AF_INET, address, &place.sin_addr) != 1) return -1;
  if (setsockopt(terminal, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second) != 0) return -1;
  if (sendto(resolver, answer, length, 0, (struct sockaddr *)&place, sizeof place) != length) return -1;
  if (recv(terminal, taken, sizeof taken, 0) != length) return -1;
  if (microseconds > 0) {
    struct timespec pause = {.tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000};
    nanosleep(&pause, NULL);
  }
  return udp_send(terminal, contact, contact_port);
}

int udp_drain(int socket) {
  char taken[64];
  int count = 0;
  while (recv(socket, taken, sizeof taken, MSG_DONTWAIT) >= 0) count++;
  return count;
}

// Protocol 0 of a packet socket: nothing is received.
static int bound_to(int made, const char *interface) {
  if (made < 0) return -1;
  struct ifreq request = {0};
  strncpy(request.ifr_name, interface, sizeof request.ifr_name - 1);
  if (ioctl(made, SIOCGIFINDEX, &request) == 0) {
    struct sockaddr_ll place = {.sll_family = AF_PACKET, .sll_ifindex = request.ifr_ifindex};
    if (bind(made, (struct sockaddr *)&place, sizeof place) == 0) return made;
  }
  close(made);
  return -1;
}

int packet_socket_in(const char *path, const char *interface) {
  return bound_to(socket_in(path, AF_PACKET, SOCK_RAW, 0), interface);
}

int packet_socket(const char *interface) {
  return bound_to(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), interface);
}

int ethernet_address(const char *interface, uint8_t address[6]) {
  int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (any < 0) return -1;
  struct ifreq request = {0};
  strncpy(request.ifr_name, interface, sizeof request.ifr_name - 1);
  int status = ioctl(any, SIOCGIFHWADDR, &request);
  close(any);
  if (status == 0) memcpy(address, request.ifr_hwaddr.sa_data, 6);
  return status;
}

static uint16_t checksum(const uint8_t *bytes, int count) {
  uint32_t sum = 0;
  for (int i = 0; i < count; i += 2) sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
  while (sum >> 16) sum = (sum & 0xFFFF) + (sum >> 16);
  return (uint16_t)~sum;
}

static void write_frame(uint8_t *frame, const uint8_t gateway[6], uint32_t source, uint32_t destination) {
  memset(frame, 0, frame_size);
  memcpy(frame, gateway, 6);
  frame[6] = 2;  // a locally administered sender
  frame[12] = 0x08;
  uint8_t *ip = frame + 14;
  ip[0] = 0x45;
  ip[3] = frame_size - 14;
  ip[8] = 64;
  ip[9] = 17;
  for (int i = 0; i < 4; i++) {
    ip[12 + i] = (uint8_t)(source >> (24 - 8 * i));
    ip[16 + i] = (uint8_t)(destination >> (24 - 8 * i));
  }
  uint16_t sum = checksum(ip, 20);
  ip[10] = (uint8_t)(sum >> 8);
  ip[11] = (uint8_t)sum;
  uint8_t *udp = ip + 20;
  udp[0] = 0x30;
  udp[3] = 9;
  udp[5] = frame_size - 34;
}

int64_t send_packets(int socket, const uint8_t gateway[6], uint32_t destination, int64_t count) {
  static uint8_t frames[batch][frame_size];
  struct iovec parts[batch];
  struct mmsghdr messages[batch];
  memset(messages, 0, sizeof messages);
  for (int i = 0; i < batch; i++) {
    parts[i] = (struct iovec){frames[i], frame_size};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  int64_t sent = 0;
  uint32_t number = 0;
  while (sent < count) {
    int some = count - sent < batch ? (int)(count - sent) : batch;
    for (int i = 0; i < some; i++) {
      write_frame(frames[i], gateway, 0xC6120000 + number, destination);
      number = number + 1 < addresses ? number + 1 : 0;
    }
    int taken = sendmmsg(socket, messages, (unsigned)some, 0);
    if (taken <= 0) break;
    sent += taken;
  }
  return sent;
}

void stay_on_core(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  sched_setaffinity(0, sizeof set, &set);
  setpriority(PRIO_PROCESS, 0, -20);
}

static int64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// Sleeps as long as a sleep can be relied on to end in time, and spins for the rest: who spins all the time
// before other programs takes a core from those it measures.
static void wait_until(int64_t moment) {
  int64_t left = moment - nanoseconds();
  if (left > 2 * wake_up) {
    struct timespec pause = {.tv_sec = 0, .tv_nsec = left - wake_up};
    nanosleep(&pause, NULL);
  }
  while (nanoseconds() < moment) {
  }
}

int64_t play_frames(int socket, const uint8_t *frames, const uint32_t *ends, int64_t frames_count,
                    int64_t count, int64_t per_second) {
  struct iovec parts[batch];
  struct mmsghdr messages[batch];
  memset(messages, 0, sizeof messages);
  for (int i = 0; i < batch; i++) {
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  int64_t start = nanoseconds();
  int64_t sent = 0;
  while (sent < count) {
    int some = count - sent < batch ? (int)(count - sent) : batch;
    for (int i = 0; i < some; i++) {
      int64_t number = (sent + i) % frames_count;
      uint32_t from = number > 0 ? ends[number - 1] : 0;
      parts[i] = (struct iovec){(void *)(frames + from), ends[number] - from};
    }
    if (per_second > 0) wait_until(start + sent * 1000000000 / per_second);
    int taken = sendmmsg(socket, messages, (unsigned)some, 0);
    if (taken <= 0) break;
    sent += taken;
  }
  return sent;
}
