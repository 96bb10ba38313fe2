#pragma once
#include <stdint.h>

// A UDP socket of the family 4 or 6 that belongs to the network namespace at `path`, wherever the
// caller is; -1 on failure.
int udp_socket_in(const char *path, int family);

// Sends one small datagram; 0 when the kernel took it.
int udp_send(int socket, const char *address, uint16_t port);

// Gives a UDP socket of family 4 an address and a port of its own; 0 on success.
int udp_bind(int socket, const char *address, uint16_t port);

// Sends `answer` from one socket to another, which is bound to `address` and `port`, waits for it there,
// waits for so many microseconds more, and sends one small datagram to `contact` from there: a terminal
// that connects to what was answered. 0 on success, -1 when the answer did not come within a second.
int answer_then_contact(int resolver, int terminal, const char *address, uint16_t port, const uint8_t *answer,
                        int64_t length, int64_t microseconds, const char *contact, uint16_t contact_port);

// Takes what lies in a UDP socket without waiting; how many datagrams it was.
int udp_drain(int socket);

// A packet socket of the namespace at `path`, bound to `interface` there; -1 on failure.
int packet_socket_in(const char *path, const char *interface);

// The Ethernet address of an interface of this namespace; 0 on success.
int ethernet_address(const char *interface, uint8_t address[6]);

// Sends UDP packets of 60 bytes whose sources walk through 60,000 addresses of 198.18.0.0/16, all to
// `destination`, to the Ethernet address `gateway`. Returns how many were sent.
int64_t send_packets(int socket, const uint8_t gateway[6], uint32_t destination, int64_t count);

// Keeps the calling thread on one processor core and before other programs, where that is permitted.
void stay_on_core(int core);

// A packet socket of this namespace, bound to `interface`; -1 on failure.
int packet_socket(const char *interface);

// Plays frames that stand one after the other, the n-th from ends[n - 1] to ends[n], from the first again
// after the last, until `count` were sent, at so many a second or, for 0, as fast as they go. Returns how
// many were sent.
int64_t play_frames(int socket, const uint8_t *frames, const uint32_t *ends, int64_t frames_count,
                    int64_t count, int64_t per_second);
