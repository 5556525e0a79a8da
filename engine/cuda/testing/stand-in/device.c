#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "stand-in.h"

int lost = OK;
int failing = OK;
static bool isInitialised = false;
static int context;
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

int ready(void) {
  if (lost != OK) return lost;
  REQUIRE(isInitialised, NOT_INITIALIZED, "cuInit was not called");
  REQUIRE(current == &context, INVALID_CONTEXT, "the thread has no context");
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
  isInitialised = true;
  return OK;
}

API int cuDriverGetVersion(int* version) {
  *version = 12090;
  return OK;
}

API int cuDeviceGetCount(int* count) {
  REQUIRE(isInitialised, NOT_INITIALIZED, "cuInit was not called");
  *count = 1;
  return OK;
}

API int cuDeviceGet(int* found, int ordinal) {
  REQUIRE(isInitialised, NOT_INITIALIZED, "cuInit was not called");
  REQUIRE(ordinal == 0, INVALID_DEVICE, "there is no device %d", ordinal);
  *found = 0;
  return OK;
}

API int cuDeviceGetName(char* name, int size, int device) {
  REQUIRE(device == 0, INVALID_DEVICE, "there is no device %d", device);
  snprintf(name, (size_t)size, "stand-in for a card");
  return OK;
}

API int cuDeviceGetAttribute(int* value, int attribute, int device) {
  REQUIRE(device == 0, INVALID_DEVICE, "there is no device %d", device);
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
  REQUIRE(device == 0, INVALID_DEVICE, "there is no device %d", device);
  *retained = &context;
  return OK;
}

API int cuCtxSetCurrent(void* wanted) {
  REQUIRE(wanted == &context || wanted == NULL, INVALID_CONTEXT, "no such context");
  current = wanted;
  return OK;
}

API int cuCtxSynchronize(void) {
  TRY(readyOutsideCapture());
  return runAll();
}
