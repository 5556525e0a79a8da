#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "stand-in.h"

int lost = OK;
int failing = OK;
static bool isInitialised = false;
// Cards that are in the machine, and those that the process sees, in its order. All compute on the processor.
#define MOST_DEVICES 8
static int devices = 1;
static int visible[MOST_DEVICES], visibleCount;
static int contexts[MOST_DEVICES];
static _Thread_local void* current = NULL;
static char reason[512];
static int capability;
static int isIntegrated;

int refuse(int code, const char* format, ...) {
  va_list words;
  va_start(words, format);
  vsnprintf(reason, sizeof reason, format, words);
  va_end(words);
  return code;
}

// For tests: why the last call was refused, and how launches fail from now on; 0: not any more.
API const char* standInReason(void) { return reason; }
API void standInFail(int code) {
  failing = code;
  lost = OK;
}

// For tests: what it says to be. 75: compute capability 7.5; 0, which no card has: none.
API void standInPose(int wanted, int integrated) {
  capability = wanted;
  isIntegrated = integrated;
}

// For tests: how many cards there are; STAND_IN_DEVICES says it to another process.
API void standInDevices(int wanted) { devices = wanted; }
// Of the present context, as the system numbers it; -1: there is none.
API int standInCurrent(void) { return current ? (int)((int*)current - contexts) : -1; }

static bool isContext(const void* at) { return (int*)at >= contexts && (int*)at < contexts + MOST_DEVICES; }

// As a driver reads CUDA_VISIBLE_DEVICES: numbers up to the first that no card has.
static void look(void) {
  const char* list = getenv("CUDA_VISIBLE_DEVICES");
  const char* count = getenv("STAND_IN_DEVICES");
  if (count) devices = atoi(count);
  visibleCount = 0;
  if (!list) for (; visibleCount < devices; visibleCount++) visible[visibleCount] = visibleCount;
  while (list && *list && visibleCount < MOST_DEVICES) {
    char* end;
    const long wanted = strtol(list, &end, 10);
    if (end == list || wanted < 0 || wanted >= devices) break;
    visible[visibleCount++] = (int)wanted;
    list = *end == ',' ? end + 1 : end;
  }
}

bool isDevice(int device) { return device >= 0 && device < visibleCount; }

int ready(void) {
  if (lost != OK) return lost;
  REQUIRE(isInitialised, NOT_INITIALIZED, "cuInit was not called");
  REQUIRE(isContext(current), INVALID_CONTEXT, "the thread has no context");
  return OK;
}

int readyOutsideCapture(void) {
  TRY(ready());
  REQUIRE(!anyCapturing(), CAPTURE_UNSUPPORTED, "a stream is being recorded");
  return OK;
}

static struct Made {
  void* handle;
  enum Kind kind;
} * all;
static size_t allCount;

void* made(enum Kind kind, size_t size) {
  void* handle = calloc(1, size);
  all = realloc(all, (allCount + 1) * sizeof *all);
  all[allCount++] = (struct Made){handle, kind};
  return handle;
}

bool isKind(const void* handle, enum Kind kind) {
  for (size_t i = 0; i < allCount; i++) if (all[i].handle == handle) return all[i].kind == kind;
  return false;
}

void gone(const void* handle) {
  for (size_t i = 0; i < allCount; i++) if (all[i].handle == handle) all[i] = all[--allCount];
}

API int cuInit(uint32_t flags) {
  REQUIRE(flags == 0, INVALID_VALUE, "cuInit(%u)", flags);
  TRY(clStart());
  look();
  REQUIRE(visibleCount > 0, NO_DEVICE, "no device is visible");
  isInitialised = true;
  return OK;
}

API int cuDriverGetVersion(int* version) {
  *version = 12090;
  return OK;
}

API int cuDeviceGetCount(int* count) {
  REQUIRE(isInitialised, NOT_INITIALIZED, "cuInit was not called");
  *count = visibleCount;
  return OK;
}

API int cuDeviceGet(int* found, int ordinal) {
  REQUIRE(isInitialised, NOT_INITIALIZED, "cuInit was not called");
  REQUIRE(ordinal >= 0 && ordinal < visibleCount, INVALID_DEVICE, "there is no device %d", ordinal);
  *found = ordinal;
  return OK;
}

API int cuDeviceGetName(char* name, int size, int device) {
  REQUIRE(isDevice(device), INVALID_DEVICE, "there is no device %d", device);
  if (devices > 1) snprintf(name, (size_t)size, "stand-in for card %d", visible[device]);
  else snprintf(name, (size_t)size, "stand-in for a card");
  return OK;
}

API int cuDeviceGetAttribute(int* value, int attribute, int device) {
  REQUIRE(isDevice(device), INVALID_DEVICE, "there is no device %d", device);
  switch (attribute) {
    case 1: *value = 1024; return OK;
    case 18: *value = isIntegrated; return OK;
    case 75: *value = capability / 10; return OK;
    case 76: *value = capability % 10; return OK;
    default: return refuse(INVALID_VALUE, "attribute %d", attribute);
  }
}

API int cuDevicePrimaryCtxRetain(void** retained, int device) {
  REQUIRE(isInitialised, NOT_INITIALIZED, "cuInit was not called");
  REQUIRE(isDevice(device), INVALID_DEVICE, "there is no device %d", device);
  *retained = &contexts[visible[device]];
  return OK;
}

API int cuCtxSetCurrent(void* wanted) {
  REQUIRE(isContext(wanted) || wanted == NULL, INVALID_CONTEXT, "no such context");
  current = wanted;
  return OK;
}

API int cuCtxSynchronize(void) {
  TRY(readyOutsideCapture());
  return runAll();
}
