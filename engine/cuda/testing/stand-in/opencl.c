#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include "stand-in.h"

// No headers of OpenCL are needed to build this.
#define CPU 2
#define BUILD_LOG 0x1183
#define DEVICE_FP32 0x101b
#define DEVICE_BYTES 0x101f
#define KERNEL_ARGUMENTS 0x1191
#define EXACT_DIVISION (1 << 7)

static void* library;
static void *device, *context, *queue;

#define FUNCTION(NAME, ...) ((int (*)(__VA_ARGS__))dlsym(library, #NAME))
#define MAKER(NAME, ...) ((void* (*)(__VA_ARGS__))dlsym(library, #NAME))

int clStart(void) {
  if (queue) return OK;
  library = dlopen("libOpenCL.so.1", RTLD_NOW);
  REQUIRE(library, NO_DEVICE, "no libOpenCL.so.1");
  void* platforms[16];
  uint32_t count = 0;
  FUNCTION(clGetPlatformIDs, uint32_t, void**, uint32_t*)(16, platforms, &count);
  for (uint32_t i = 0; i < count && !device; i++) {
    uint32_t found = 0;
    FUNCTION(clGetDeviceIDs, void*, uint64_t, uint32_t, void**, uint32_t*)(platforms[i], CPU, 1, &device, &found);
  }
  REQUIRE(device, NO_DEVICE, "OpenCL has no processor");
  int code = 0;
  context = MAKER(clCreateContext, void*, uint32_t, void**, void*, void*, int*)(NULL, 1, &device, NULL, NULL, &code);
  queue = MAKER(clCreateCommandQueue, void*, void*, uint64_t, int*)(context, device, 0, &code);
  REQUIRE(queue, NO_DEVICE, "OpenCL does not start");
  return OK;
}

static uint64_t ask(uint32_t what) {
  uint64_t value = 0;
  FUNCTION(clGetDeviceInfo, void*, uint32_t, size_t, void*, size_t*)(device, what, 8, &value, NULL);
  return value;
}

size_t clMemory(void) { return ask(DEVICE_BYTES); }

void* clCreate(size_t bytes) {
  int code = 0;
  return MAKER(clCreateBuffer, void*, uint64_t, size_t, void*, int*)(context, 1, bytes, NULL, &code);
}

void clFree(void* buffer) { FUNCTION(clReleaseMemObject, void*)(buffer); }

int clWrite(void* buffer, size_t at, size_t bytes, const void* from) {
  return FUNCTION(clEnqueueWriteBuffer, void*, void*, uint32_t, size_t, size_t, const void*, uint32_t, void*, void*)(
      queue, buffer, 1, at, bytes, from, 0, NULL, NULL);
}

int clRead(void* buffer, size_t at, size_t bytes, void* into) {
  return FUNCTION(clEnqueueReadBuffer, void*, void*, uint32_t, size_t, size_t, void*, uint32_t, void*, void*)(
      queue, buffer, 1, at, bytes, into, 0, NULL, NULL);
}

int clCopy(void* from, size_t fromAt, void* to, size_t toAt, size_t bytes) {
  return FUNCTION(clEnqueueCopyBuffer, void*, void*, void*, size_t, size_t, size_t, uint32_t, void*, void*)(
      queue, from, to, fromAt, toAt, bytes, 0, NULL, NULL);
}

// As engine/opencl/kernels.ts builds them, so that both get the same bits.
void* clProgram(const char* source, const char* macros, char* log, size_t room) {
  const bool isExact = ask(DEVICE_FP32) & EXACT_DIVISION;
  char options[1024];
  snprintf(options, sizeof options, "-w -cl-std=CL1.2%s %s",
           isExact ? " -cl-fp32-correctly-rounded-divide-sqrt" : "", macros);
  int code = 0;
  void* program =
      MAKER(clCreateProgramWithSource, void*, uint32_t, const char**, void*, int*)(context, 1, &source, NULL, &code);
  code = FUNCTION(clBuildProgram, void*, uint32_t, void**, const char*, void*, void*)(program, 1, &device, options,
                                                                                      NULL, NULL);
  if (code == 0) return program;
  FUNCTION(clGetProgramBuildInfo, void*, void*, uint32_t, size_t, void*, size_t*)(program, device, BUILD_LOG, room, log,
                                                                                  NULL);
  return NULL;
}

void* clKernel(void* program, const char* name, int* parameters) {
  int code = 0;
  void* kernel = MAKER(clCreateKernel, void*, const char*, int*)(program, name, &code);
  uint32_t count = 0;
  if (code == 0) {
    FUNCTION(clGetKernelInfo, void*, uint32_t, size_t, void*, size_t*)(kernel, KERNEL_ARGUMENTS, 4, &count, NULL);
  }
  *parameters = (int)count;
  return code == 0 ? kernel : NULL;
}

int clSet(void* kernel, int at, size_t size, const void* value) {
  return FUNCTION(clSetKernelArg, void*, uint32_t, size_t, const void*)(kernel, (uint32_t)at, size, value);
}

int clRun(void* kernel, const size_t* global, const size_t* local) {
  return FUNCTION(clEnqueueNDRangeKernel, void*, void*, uint32_t, void*, const size_t*, const size_t*, uint32_t, void*,
                  void*)(queue, kernel, 3, NULL, global, local, 0, NULL, NULL);
}

void clWait(void) { FUNCTION(clFinish, void*)(queue); }
