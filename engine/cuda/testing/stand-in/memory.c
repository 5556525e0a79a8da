#include <stdlib.h>
#include <string.h>
#include "stand-in.h"

// Addresses that this process could not read.
static uint64_t next = 0x7f0000000000ull << 4;
static struct Memory** all;
static size_t count;
static size_t used, most, before;

static struct Pinned {
  unsigned char* at;
  size_t bytes;
} * pinned;
static size_t pinnedCount;

// For tests: how many bytes the device has beside those in use now, which other tests of this process may hold; 0:
// what the processor has.
API void standInLimit(size_t bytes) {
  most = bytes;
  before = bytes ? used : 0;
}

static size_t total(void) { return most ? most : clMemory(); }

static size_t unused(void) { return total() + before > used ? total() + before - used : 0; }

struct Memory* memoryAt(uint64_t address, size_t bytes) {
  for (size_t i = count; i-- > 0;) {
    struct Memory* one = all[i];
    if (!one->isFreed && address >= one->address && address + bytes <= one->address + one->bytes) return one;
  }
  return NULL;
}

bool isPinned(const void* at, size_t bytes) {
  const unsigned char* from = at;
  for (size_t i = 0; i < pinnedCount; i++) {
    if (from >= pinned[i].at && from + bytes <= pinned[i].at + pinned[i].bytes) return true;
  }
  return false;
}

API int cuDeviceTotalMem_v2(size_t* bytes, int device) {
  REQUIRE(isDevice(device), INVALID_DEVICE, "there is no device %d", device);
  *bytes = total();
  return OK;
}

API int cuMemGetInfo_v2(size_t* left, size_t* bytes) {
  TRY(ready());
  *bytes = total();
  *left = unused();
  return OK;
}

API int cuMemAlloc_v2(uint64_t* address, size_t bytes) {
  TRY(readyOutsideCapture());
  REQUIRE(bytes > 0, INVALID_VALUE, "memory of no bytes");
  REQUIRE(bytes <= unused(), OUT_OF_MEMORY, "no memory left");
  void* buffer = clCreate(bytes);
  REQUIRE(buffer, OUT_OF_MEMORY, "no memory left");
  // What was never written must not look like numbers.
  unsigned char* wrong = malloc(bytes);
  memset(wrong, 0xff, bytes);
  clWrite(buffer, 0, bytes, wrong);
  free(wrong);
  struct Memory* one = calloc(1, sizeof *one);
  *one = (struct Memory){next, bytes, buffer, false};
  next += (bytes / 512 + 2) * 512;
  all = realloc(all, (count + 1) * sizeof *all);
  all[count++] = one;
  used += bytes;
  *address = one->address;
  return OK;
}

API int cuMemFree_v2(uint64_t address) {
  TRY(readyOutsideCapture());
  struct Memory* one = memoryAt(address, 1);
  REQUIRE(one && one->address == address, INVALID_VALUE, "no memory begins at %llx", (unsigned long long)address);
  // As a driver, which waits for what uses it.
  TRY(runAll());
  clFree(one->buffer);
  used -= one->bytes;
  one->isFreed = true;
  return OK;
}

API int cuMemHostAlloc(void** address, size_t bytes, uint32_t flags) {
  TRY(readyOutsideCapture());
  REQUIRE(bytes > 0 && flags == 0, INVALID_VALUE, "%zu bytes, flags %u", bytes, flags);
  pinned = realloc(pinned, (pinnedCount + 1) * sizeof *pinned);
  pinned[pinnedCount] = (struct Pinned){aligned_alloc(4096, (bytes + 4095) / 4096 * 4096), bytes};
  *address = pinned[pinnedCount++].at;
  return OK;
}

API int cuMemFreeHost(void* address) {
  TRY(readyOutsideCapture());
  for (size_t i = 0; i < pinnedCount; i++) {
    if (pinned[i].at != address) continue;
    REQUIRE(!isAwaited(address, pinned[i].bytes), INVALID_VALUE, "a copy from this memory is queued");
    free(address);
    pinned[i] = pinned[--pinnedCount];
    return OK;
  }
  return refuse(INVALID_VALUE, "no pinned memory begins there");
}

API int cuMemcpyHtoDAsync_v2(uint64_t to, const void* from, size_t bytes, struct Stream* stream) {
  TRY(ready());
  struct Memory* memory = memoryAt(to, bytes);
  REQUIRE(memory, INVALID_VALUE, "a copy of %zu bytes to memory that is not all there", bytes);
  struct Operation copy = {.kind = TO_DEVICE, .to = memory, .toAt = to - memory->address, .bytes = bytes, .host = from};
  if (!isPinned(from, bytes)) {
    copy.own = malloc(bytes + 1);
    memcpy(copy.own, from, bytes);
  }
  return push(stream, copy);
}

API int cuMemcpyDtoDAsync_v2(uint64_t to, uint64_t from, size_t bytes, struct Stream* stream) {
  TRY(ready());
  struct Memory *source = memoryAt(from, bytes), *target = memoryAt(to, bytes);
  REQUIRE(source && target, INVALID_VALUE, "a copy of %zu bytes of memory that is not all there", bytes);
  return push(stream, (struct Operation){.kind = BETWEEN,
                                         .from = source,
                                         .to = target,
                                         .fromAt = from - source->address,
                                         .toAt = to - target->address,
                                         .bytes = bytes});
}

// Memory of this process that is not pinned: the numbers are there when this returns.
API int cuMemcpyDtoHAsync_v2(void* to, uint64_t from, size_t bytes, struct Stream* stream) {
  TRY(readyOutsideCapture());
  REQUIRE(isKind(stream, STREAM), INVALID_HANDLE, "no stream");
  struct Memory* memory = memoryAt(from, bytes);
  REQUIRE(memory, INVALID_VALUE, "a copy of %zu bytes from memory that is not all there", bytes);
  TRY(runTo(stream, stream->queued));
  return clRead(memory->buffer, from - memory->address, bytes, to) == 0 ? OK : LAUNCH_FAILED;
}
