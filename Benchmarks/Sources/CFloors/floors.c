#include "CFloors.h"

#include <pcap/pcap.h>

static void count(u_char *user, const struct pcap_pkthdr *header, const u_char *bytes) {
  (void)header;
  (void)bytes;
  ++*(int64_t *)user;
}

int64_t floor_pcap_loop(const char *path) {
  char text[PCAP_ERRBUF_SIZE];
  pcap_t *pcap = pcap_open_offline(path, text);
  if (pcap == NULL) return -1;
  int64_t packets = 0;
  int status = pcap_loop(pcap, -1, count, (u_char *)&packets);
  pcap_close(pcap);
  return status == 0 ? packets : -1;
}
