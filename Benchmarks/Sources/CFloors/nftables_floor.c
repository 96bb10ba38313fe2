#include "nftables_floor.h"

#include <nftables/libnftables.h>
#include <stdlib.h>

struct nft_floor {
  struct nft_ctx *context;
};

nft_floor *nft_floor_open(void) {
  nft_floor *floor = calloc(1, sizeof *floor);
  if (floor == NULL) return NULL;
  floor->context = nft_ctx_new(NFT_CTX_DEFAULT);
  if (floor->context == NULL) {
    free(floor);
    return NULL;
  }
  nft_ctx_buffer_output(floor->context);
  nft_ctx_buffer_error(floor->context);
  return floor;
}

void nft_floor_close(nft_floor *floor) {
  nft_ctx_free(floor->context);
  free(floor);
}

int nft_floor_run(nft_floor *floor, const char *commands) {
  int status = nft_run_cmd_from_buffer(floor->context, commands);
  // Reading the buffers empties them for the next run.
  nft_ctx_get_output_buffer(floor->context);
  nft_ctx_get_error_buffer(floor->context);
  return status;
}
