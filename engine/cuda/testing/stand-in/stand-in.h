// A libcuda.so.1 for tests: the functions of the CUDA driver API that the engine calls, computed by OpenCL on
// the processor with the sources of the PTX that is loaded. It is stricter than a driver has to be: work is
// done only once something waits for it, and what is wrong is refused with a reason.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define API __attribute__((visibility("default")))

enum {
  OK = 0,
  INVALID_VALUE = 1,
  OUT_OF_MEMORY = 2,
  NOT_INITIALIZED = 3,
  NO_DEVICE = 100,
  INVALID_DEVICE = 101,
  INVALID_CONTEXT = 201,
  INVALID_PTX = 218,
  UNSUPPORTED_PTX = 222,
  INVALID_HANDLE = 400,
  NOT_FOUND = 500,
  NOT_READY = 600,
  LAUNCH_FAILED = 719,
  CAPTURE_UNSUPPORTED = 900,
};

// Notes why a call is refused, which standInReason() tells, and returns the code.
int refuse(int code, const char* reason, ...);
#define REQUIRE(condition, code, ...) \
  do { \
    if (!(condition)) return refuse(code, __VA_ARGS__); \
  } while (0)
#define TRY(call) \
  do { \
    const int tried = (call); \
    if (tried != OK) return tried; \
  } while (0)

// Whether the process sees so many devices.
bool isDevice(int device);

// 0 where the calling thread has a context and the device is not lost.
int ready(void);
// The same, and no stream is being recorded: for calls that a record does not allow.
int readyOutsideCapture(void);
// Set once a launch failed: every later call fails with it.
extern int lost;
// The code with which launches fail; 0: none.
extern int failing;

// Everything that has been handed out, by its kind.
enum Kind { STREAM = 1, EVENT, MODULE, FUNCTION, GRAPH, EXEC };
void* made(enum Kind kind, size_t size);
bool isKind(const void* handle, enum Kind kind);
void gone(const void* handle);

// Memory of the device.
struct Memory {
  uint64_t address;
  size_t bytes;
  void* buffer;
  bool isFreed;
};
// That which holds all these bytes; null where there is none.
struct Memory* memoryAt(uint64_t address, size_t bytes);
// Whether all these bytes are of memory that was pinned.
bool isPinned(const void* at, size_t bytes);

// A kernel of a module, and what its PTX declares.
#define MOST_PARAMETERS 64
struct Function {
  char name[64];
  void* kernel;
  int count;
  int sizes[MOST_PARAMETERS];
  int offsets[MOST_PARAMETERS];
  int bytes;
};

struct Launch {
  struct Function* function;
  size_t global[3], local[3];
  unsigned char arguments[8 * MOST_PARAMETERS];
};
// Whether all its pointers are of memory that is there.
int checkPointers(const struct Launch* launch);
int runLaunch(const struct Launch* launch);

// Work of a stream that nothing has waited for yet.
struct Operation {
  enum { LAUNCH, TO_DEVICE, BETWEEN, RECORD, WAIT } kind;
  struct Launch launch;
  struct Memory *from, *to;
  size_t fromAt, toAt, bytes;
  const void* host;
  void* own;
  struct Event* event;
  struct Stream* other;
  long place;
};
struct Stream {
  struct Operation* operations;
  // Places count all that was ever queued; those from `done` to `queued` wait.
  long queued, done, room;
  bool isCapturing, isSpoilt;
  struct Launch* captured;
  int capturedCount;
};
struct Event {
  bool hasTime, sleeps;
  struct Stream* stream;
  long place;
  double time;
};
int push(struct Stream* stream, struct Operation operation);
int runTo(struct Stream* stream, long place);
int runAll(void);
bool anyCapturing(void);
// Whether a copy from there is still queued.
bool isAwaited(const void* at, size_t bytes);

// OpenCL on the processor.
int clStart(void);
size_t clMemory(void);
void* clCreate(size_t bytes);
void clFree(void* buffer);
int clWrite(void* buffer, size_t at, size_t bytes, const void* from);
int clRead(void* buffer, size_t at, size_t bytes, void* into);
int clCopy(void* from, size_t fromAt, void* to, size_t toAt, size_t bytes);
void* clProgram(const char* source, const char* macros, char* log, size_t room);
void* clKernel(void* program, const char* name, int* parameters);
int clSet(void* kernel, int at, size_t size, const void* value);
int clRun(void* kernel, const size_t* global, const size_t* local);
void clWait(void);
