#include <stdlib.h>
#include <string.h>
#include "stand-in.h"

#define END 0
#define BUFFER_POINTER 1
#define BUFFER_SIZE 2
#define MOST_ITEMS 1024

static bool refusesGraphs;

// For tests: whether graphs are refused when they are made ready.
API void standInRefuseGraphs(int wanted) { refusesGraphs = wanted != 0; }

struct Graph {
  struct Launch* launches;
  int count;
};

static uint64_t pointerOf(const struct Launch* launch, int at) {
  uint64_t address;
  memcpy(&address, launch->arguments + launch->function->offsets[at], 8);
  return address;
}

int checkPointers(const struct Launch* launch) {
  const struct Function* function = launch->function;
  for (int i = 0; i < function->count; i++) {
    if (function->sizes[i] != 8) continue;
    const uint64_t address = pointerOf(launch, i);
    const struct Memory* memory = memoryAt(address, 1);
    REQUIRE(memory && memory->address == address, INVALID_VALUE, "%s: argument %d is no memory that is there", function->name, i);
  }
  return OK;
}

int runLaunch(const struct Launch* launch) {
  if (failing != OK) return failing;
  const struct Function* function = launch->function;
  for (int i = 0; i < function->count; i++) {
    const void* value = launch->arguments + function->offsets[i];
    const struct Memory* memory = NULL;
    if (function->sizes[i] == 8) {
      memory = memoryAt(pointerOf(launch, i), 1);
      REQUIRE(memory, LAUNCH_FAILED, "%s: argument %d was freed before it ran", function->name, i);
      value = &memory->buffer;
    }
    REQUIRE(clSet(function->kernel, i, (size_t)function->sizes[i], value) == 0, LAUNCH_FAILED,
            "%s: argument %d is not of the type that the source has", function->name, i);
  }
  const int code = clRun(function->kernel, launch->global, launch->local);
  REQUIRE(code == 0, LAUNCH_FAILED, "%s: OpenCL error %d", function->name, code);
  return OK;
}

API int cuLaunchKernel(struct Function* function, uint32_t groupsX, uint32_t groupsY, uint32_t groupsZ, uint32_t itemsX, uint32_t itemsY,
                       uint32_t itemsZ, uint32_t shared, struct Stream* stream, void** parameters, void** extra) {
  TRY(ready());
  REQUIRE(isKind(function, FUNCTION), INVALID_HANDLE, "no kernel");
  REQUIRE(groupsX && groupsY && groupsZ && groupsY < 65536 && groupsZ < 65536, INVALID_VALUE, "%s: groups", function->name);
  const uint64_t items = (uint64_t)itemsX * itemsY * itemsZ;
  REQUIRE(items > 0 && items <= MOST_ITEMS && itemsZ <= 64, INVALID_VALUE, "%s: %llu work items in a group", function->name,
          (unsigned long long)items);
  REQUIRE(shared == 0, INVALID_VALUE, "%s: %u bytes of dynamic shared memory, which it has no use for", function->name, shared);
  REQUIRE(!parameters && extra, INVALID_VALUE, "%s: its parameters are not in one block", function->name);
  const void* values = NULL;
  size_t size = 0;
  for (void** one = extra; *one != (void*)END; one += 2) {
    if (*one == (void*)BUFFER_POINTER) values = one[1];
    else if (*one == (void*)BUFFER_SIZE) size = *(size_t*)one[1];
    else return refuse(INVALID_VALUE, "%s: extra %p", function->name, *one);
  }
  REQUIRE(values && size == (size_t)function->bytes, INVALID_VALUE, "%s: %zu bytes of parameters, its PTX has %d", function->name, size,
          function->bytes);
  struct Launch launch = {.function = function,
                          .local = {itemsX, itemsY, itemsZ},
                          .global = {(size_t)groupsX * itemsX, (size_t)groupsY * itemsY, (size_t)groupsZ * itemsZ}};
  memcpy(launch.arguments, values, size);
  TRY(checkPointers(&launch));
  return push(stream, (struct Operation){.kind = LAUNCH, .launch = launch});
}

API int cuStreamBeginCapture_v2(struct Stream* stream, int mode) {
  TRY(ready());
  REQUIRE(isKind(stream, STREAM) && mode == 1, INVALID_HANDLE, "no stream, or another mode");
  REQUIRE(!stream->isCapturing, CAPTURE_UNSUPPORTED, "the stream is being recorded");
  stream->isCapturing = true;
  stream->isSpoilt = false;
  stream->captured = NULL;
  stream->capturedCount = 0;
  return OK;
}

API int cuStreamEndCapture(struct Stream* stream, struct Graph** graph) {
  TRY(ready());
  REQUIRE(isKind(stream, STREAM) && stream->isCapturing, INVALID_HANDLE, "the stream is not recorded");
  stream->isCapturing = false;
  REQUIRE(!stream->isSpoilt, CAPTURE_UNSUPPORTED, "the record is spoilt");
  *graph = made(GRAPH, sizeof **graph);
  (*graph)->launches = stream->captured;
  (*graph)->count = stream->capturedCount;
  return OK;
}

API int cuGraphInstantiateWithFlags(struct Graph** exec, struct Graph* graph, uint64_t flags) {
  TRY(ready());
  REQUIRE(isKind(graph, GRAPH) && flags == 0, INVALID_HANDLE, "no graph");
  REQUIRE(!refusesGraphs, INVALID_VALUE, "graphs are refused");
  const size_t size = (size_t)graph->count * sizeof *graph->launches;
  *exec = made(EXEC, sizeof **exec);
  (*exec)->launches = malloc(size + 1);
  memcpy((*exec)->launches, graph->launches, size);
  (*exec)->count = graph->count;
  return OK;
}

static int destroy(struct Graph* graph, enum Kind kind) {
  TRY(ready());
  REQUIRE(isKind(graph, kind), INVALID_HANDLE, "no graph");
  gone(graph);
  free(graph->launches);
  free(graph);
  return OK;
}

API int cuGraphDestroy(struct Graph* graph) { return destroy(graph, GRAPH); }
API int cuGraphExecDestroy(struct Graph* exec) { return destroy(exec, EXEC); }

API int cuGraphLaunch(struct Graph* exec, struct Stream* stream) {
  TRY(readyOutsideCapture());
  REQUIRE(isKind(exec, EXEC), INVALID_HANDLE, "no graph that was made ready");
  for (int i = 0; i < exec->count; i++) {
    TRY(checkPointers(&exec->launches[i]));
    TRY(push(stream, (struct Operation){.kind = LAUNCH, .launch = exec->launches[i]}));
  }
  return OK;
}
