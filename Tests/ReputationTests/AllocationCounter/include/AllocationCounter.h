#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

/// Blocks that the calling thread has asked the C library for since it began.
unsigned long allocation_count(void);

/// Whether allocations are counted at all: sanitizers bring an allocator of their own.
int allocation_count_works(void);

#endif
