// Tells the thread sanitizer in which order the holders of a contended Swift `Mutex` follow each other.
//
// An uncontended lock is one atomic operation in our own, instrumented code. A contended one is passed
// on by Swift's library or by the kernel (a priority-inheriting futex), which the sanitizer cannot see:
// it then reports a race where the lock had kept one. The two functions below stand in the place of the
// library's slow paths, tell the sanitizer what they order, and call the library's own.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

void __tsan_acquire(void *address);
void __tsan_release(void *address);

typedef __attribute__((swiftcall)) void (*lock_function)(
    uint32_t thread, __attribute__((swift_context)) void *handle);
typedef __attribute__((swiftcall)) void (*unlock_function)(
    __attribute__((swift_context)) void *handle);

static lock_function library_lock;
static unlock_function library_unlock;

// Before anything can be contended, so that finding them needs no order of its own.
__attribute__((constructor)) static void find(void) {
  library_lock = (lock_function)dlsym(RTLD_NEXT, LOCK);
  library_unlock = (unlock_function)dlsym(RTLD_NEXT, UNLOCK);
  // Names change with Swift's versions; without them the reports above would be back.
  if (!library_lock || !library_unlock) abort();
}

__attribute__((swiftcall)) void lock_slow(
    uint32_t thread, __attribute__((swift_context)) void *handle) __asm__(LOCK);
__attribute__((swiftcall)) void lock_slow(
    uint32_t thread, __attribute__((swift_context)) void *handle) {
  library_lock(thread, handle);
  __tsan_acquire(handle);
}

__attribute__((swiftcall)) void unlock_slow(
    __attribute__((swift_context)) void *handle) __asm__(UNLOCK);
__attribute__((swiftcall)) void unlock_slow(
    __attribute__((swift_context)) void *handle) {
  __tsan_release(handle);
  library_unlock(handle);
}

#endif
#endif
