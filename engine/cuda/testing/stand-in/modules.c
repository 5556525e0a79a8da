#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "stand-in.h"

// Where the sources of the kernels are: given when this is built.
#ifndef KERNELS
#error KERNELS is not set
#endif
#define ERROR_LOG 5
#define ERROR_LOG_BYTES 6

struct Module {
  void* program;
  struct Function* functions;
  int count;
};

static int newest;

// For tests: the newest version of PTX that it takes; 0: any.
API void standInNewest(int version) { newest = version; }

static char more[512];

// For tests: another folder with sources.
API void standInSources(const char* folder) { snprintf(more, sizeof more, "%s", folder); }

static char* contentOf(const char* group) {
  char path[1024];
  snprintf(path, sizeof path, KERNELS "/%s.cl", group);
  FILE* file = fopen(path, "rb");
  if (!file) {
    snprintf(path, sizeof path, "%s/%s.cl", more, group);
    file = fopen(path, "rb");
  }
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  const size_t size = (size_t)ftell(file);
  rewind(file);
  char* content = calloc(size + 1, 1);
  const size_t got = fread(content, 1, size, file);
  fclose(file);
  return got == size ? content : NULL;
}

// The source of a group, with common.cl before it and without what only unrolls loops, as kernels.ts has it.
static char* sourceOf(const char* group) {
  char *common = contentOf("common"), *own = contentOf(group);
  if (!common || !own) return NULL;
  char* source = calloc(strlen(common) + strlen(own) + 2, 1);
  sprintf(source, "%s\n%s", common, own);
  free(common);
  free(own);
  char* to = source;
  for (char* line = source; *line;) {
    const size_t length = strcspn(line, "\n");
    const size_t blanks = strspn(line, " ");
    const size_t kept = strncmp(line + blanks, "#pragma unroll", 14) == 0 ? 0 : length;
    memmove(to, line, kept);
    to += kept;
    line += length;
    if (*line) *to++ = *line++;
  }
  *to = 0;
  return source;
}

// Reads what an entry declares, from behind its bracket. 0 where it is not understood.
static bool readParameters(struct Function* function, const char* at) {
  const char* end = strchr(at, ')');
  while (end && (at = strstr(at, ".param")) && at < end) {
    char type[8] = "";
    if (sscanf(at, ".param .%7s", type) != 1 || function->count == MOST_PARAMETERS) return false;
    // A pointer to shared memory would need dynamic shared memory.
    const char* line = at + strcspn(at, "\n");
    const char* shared = strstr(at, ".shared");
    if (shared && shared < line) return false;
    const int size = strcmp(type, "u64") == 0 || strcmp(type, "b64") == 0 ? 8 : strcmp(type + 1, "32") == 0 ? 4 : 0;
    if (size == 0) return false;
    function->bytes = (function->bytes + size - 1) / size * size;
    function->sizes[function->count] = size;
    function->offsets[function->count++] = function->bytes;
    function->bytes += size;
    at += 6;
  }
  return end != NULL;
}

static int fail(char* log, size_t room, const char* line) {
  if (log) snprintf(log, room, "ptxas stand-in, fatal: %s\n", line);
  return refuse(INVALID_PTX, "%s", line);
}

// The first line of a PTX says what it is of: "// select GROUP=256 of 41c9...".
API int cuModuleLoadDataEx(struct Module** loaded, const char* image, uint32_t options, const int* which, void** values) {
  TRY(readyOutsideCapture());
  char* log = NULL;
  size_t room = 0;
  for (uint32_t i = 0; i < options; i++) {
    if (which[i] == ERROR_LOG) log = values[i];
    else if (which[i] == ERROR_LOG_BYTES) room = (size_t)values[i];
    else return refuse(INVALID_VALUE, "option %d", which[i]);
  }
  int newer = 0;
  const char* version = strstr(image, "\n.version ");
  if (newest && version && sscanf(version, " .version %d", &newer) == 1 && newer > newest) {
    fail(log, room, "Unsupported .version");
    return refuse(UNSUPPORTED_PTX, "the PTX is of version %d", newer);
  }
  char group[64] = "", words[512] = "";
  if (!strstr(image, "\n.version ") || !strstr(image, "\n.address_size 64")) return fail(log, room, "this is no PTX");
  if (sscanf(image, "// %63s %511[^\n]", group, words) != 2) return fail(log, room, "its first line does not say what it is of");
  char macros[1024] = "";
  for (char* word = strtok(words, " "); word && strcmp(word, "of") != 0; word = strtok(NULL, " ")) {
    // The options are those of kernels.ts to the letter, so that PoCL finds what it has built before.
    const bool isFirst = macros[0] == 0, isSecond = strchr(macros, ' ') == strrchr(macros, ' ');
    sprintf(macros + strlen(macros), isFirst ? "-D %s " : isSecond ? "-D %s" : " -D %s", word);
  }
  struct Module* module = made(MODULE, sizeof *module);
  char* source = sourceOf(group);
  char said[4096] = "the source was not found";
  module->program = source ? clProgram(source, macros, said, sizeof said) : NULL;
  free(source);
  if (!module->program) return fail(log, room, said);
  const char entry[] = ".visible .entry ";
  for (const char* at = image; (at = strstr(at, entry)); at++) {
    module->functions = realloc(module->functions, (size_t)(module->count + 1) * sizeof *module->functions);
    struct Function* function = &module->functions[module->count++];
    memset(function, 0, sizeof *function);
    if (sscanf(at + strlen(entry), "%63[^(\n]", function->name) != 1 || !readParameters(function, at)) {
      return fail(log, room, "the parameters of an entry are not understood");
    }
  }
  *loaded = module;
  return OK;
}

API int cuModuleGetFunction(struct Function** found, struct Module* module, const char* name) {
  TRY(ready());
  REQUIRE(isKind(module, MODULE), INVALID_HANDLE, "no module");
  for (int i = 0; i < module->count; i++) {
    struct Function* function = &module->functions[i];
    if (strcmp(function->name, name) != 0) continue;
    if (!function->kernel) {
      int parameters = 0;
      struct Function* own = made(FUNCTION, sizeof *own);
      *own = *function;
      own->kernel = clKernel(module->program, name, &parameters);
      REQUIRE(own->kernel, NOT_FOUND, "the source has no kernel %s", name);
      REQUIRE(parameters == own->count, INVALID_PTX, "%s: the PTX has %d parameters, its source %d", name, own->count, parameters);
      // Where it was handed out first, it is found again.
      function->kernel = own;
    }
    *found = function->kernel;
    return OK;
  }
  return refuse(NOT_FOUND, "the PTX has no visible entry %s", name);
}
