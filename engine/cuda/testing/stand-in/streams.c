#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "stand-in.h"

/** A driver keeps its streams to the end of the process, and tests open many drivers in one. */
static struct Stream** all;
static int count;
static bool isHasty;

// For tests: whether copies to the device are done at once where nothing before them waits, or as late as may
// be. A driver may do either.
API void standInHasty(int wanted) { isHasty = wanted != 0; }

static bool canBegin(const struct Operation* one) {
  return one->kind == TO_DEVICE || one->kind == RECORD || (one->kind == WAIT && one->other->done >= one->place);
}

bool anyCapturing(void) {
  for (int i = 0; i < count; i++) if (all[i]->isCapturing) return true;
  return false;
}

int push(struct Stream* stream, struct Operation operation) {
  REQUIRE(isKind(stream, STREAM), INVALID_HANDLE, "no stream");
  if (stream->isCapturing) {
    if (operation.kind != LAUNCH) {
      stream->isSpoilt = true;
      return refuse(CAPTURE_UNSUPPORTED, "something other than a launch while the stream is recorded");
    }
    const size_t size = sizeof *stream->captured;
    stream->captured = realloc(stream->captured, (size_t)(stream->capturedCount + 1) * size);
    stream->captured[stream->capturedCount++] = operation.launch;
    return OK;
  }
  const long waiting = stream->queued - stream->done;
  if (waiting == stream->room) {
    const long room = stream->room ? 2 * stream->room : 64;
    struct Operation* more = calloc((size_t)room, sizeof *more);
    for (long i = 0; i < waiting; i++) more[(stream->done + i) % room] = stream->operations[(stream->done + i) % stream->room];
    free(stream->operations);
    stream->operations = more;
    stream->room = room;
  }
  stream->operations[stream->queued++ % stream->room] = operation;
  while (isHasty && stream->done < stream->queued && canBegin(&stream->operations[stream->done % stream->room])) {
    TRY(runTo(stream, stream->done + 1));
  }
  return OK;
}

static double now(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec * 1e3 + (double)at.tv_nsec / 1e6;
}

static int runOne(struct Operation* one, long place) {
  switch (one->kind) {
    case LAUNCH: return runLaunch(&one->launch);
    case TO_DEVICE: {
      REQUIRE(!one->to->isFreed, LAUNCH_FAILED, "memory was freed before a copy to it");
      const int code = clWrite(one->to->buffer, one->toAt, one->bytes, one->own ? one->own : one->host);
      free(one->own);
      return code == 0 ? OK : LAUNCH_FAILED;
    }
    case BETWEEN: return clCopy(one->from->buffer, one->fromAt, one->to->buffer, one->toAt, one->bytes) == 0 ? OK : LAUNCH_FAILED;
    case WAIT: return runTo(one->other, one->place);
    case RECORD:
      if (one->event->hasTime && one->event->place == place + 1) {
        clWait();
        one->event->time = now();
      }
      return OK;
  }
  return LAUNCH_FAILED;
}

int runTo(struct Stream* stream, long place) {
  while (stream->done < place) {
    struct Operation one = stream->operations[stream->done % stream->room];
    const int code = runOne(&one, stream->done);
    stream->done++;
    if (code != OK) {
      lost = code;
      return code;
    }
  }
  return OK;
}

int runAll(void) {
  for (int i = 0; i < count; i++) TRY(runTo(all[i], all[i]->queued));
  clWait();
  return OK;
}

bool isAwaited(const void* at, size_t bytes) {
  const unsigned char* begin = at;
  for (int i = 0; i < count; i++) {
    for (long j = all[i]->done; j < all[i]->queued; j++) {
      const struct Operation* one = &all[i]->operations[j % all[i]->room];
      const unsigned char* host = one->host;
      if (one->kind == TO_DEVICE && !one->own && host >= begin && host < begin + bytes) return true;
    }
  }
  return false;
}

API int cuStreamCreate(struct Stream** stream, uint32_t flags) {
  TRY(readyOutsideCapture());
  REQUIRE(flags <= 1, INVALID_VALUE, "stream flags %u", flags);
  all = realloc(all, (size_t)(count + 1) * sizeof *all);
  *stream = all[count++] = made(STREAM, sizeof **stream);
  return OK;
}

API int cuStreamSynchronize(struct Stream* stream) {
  TRY(readyOutsideCapture());
  REQUIRE(isKind(stream, STREAM), INVALID_HANDLE, "no stream");
  TRY(runTo(stream, stream->queued));
  clWait();
  return OK;
}

API int cuStreamWaitEvent(struct Stream* stream, struct Event* event, uint32_t flags) {
  TRY(ready());
  REQUIRE(isKind(event, EVENT) && flags == 0, INVALID_HANDLE, "no event");
  if (!event->stream) return OK;
  return push(stream, (struct Operation){.kind = WAIT, .other = event->stream, .place = event->place});
}

API int cuEventCreate(struct Event** event, uint32_t flags) {
  TRY(ready());
  REQUIRE(flags == 0 || flags == 2 || flags == 3, INVALID_VALUE, "event flags %u", flags);
  *event = made(EVENT, sizeof **event);
  (*event)->hasTime = flags == 0;
  (*event)->sleeps = flags & 1;
  return OK;
}

API int cuEventRecord(struct Event* event, struct Stream* stream) {
  TRY(ready());
  REQUIRE(isKind(event, EVENT), INVALID_HANDLE, "no event");
  REQUIRE(isKind(stream, STREAM), INVALID_HANDLE, "no stream");
  event->stream = stream;
  event->place = stream->queued + 1;
  return push(stream, (struct Operation){.kind = RECORD, .event = event});
}

API int cuEventSynchronize(struct Event* event) {
  TRY(readyOutsideCapture());
  REQUIRE(isKind(event, EVENT), INVALID_HANDLE, "no event");
  // A driver waits for others too, and takes a core for it.
  REQUIRE(event->sleeps, INVALID_VALUE, "an event whose wait takes a core");
  return event->stream ? runTo(event->stream, event->place) : OK;
}

API int cuEventElapsedTime(float* milliseconds, struct Event* start, struct Event* end) {
  TRY(ready());
  REQUIRE(isKind(start, EVENT) && isKind(end, EVENT), INVALID_HANDLE, "no event");
  REQUIRE(start->hasTime && end->hasTime && start->stream && end->stream, INVALID_HANDLE, "an event without a time");
  REQUIRE(start->stream->done >= start->place && end->stream->done >= end->place, NOT_READY, "an event has not come");
  *milliseconds = (float)(end->time - start->time);
  return OK;
}
