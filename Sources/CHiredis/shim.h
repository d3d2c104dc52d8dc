// hiredis 0.14 as Swift sees it. Swift's Glibc module leaves out epoll and eventfd, so they come in here.
#ifndef SUNSET_CHIREDIS_SHIM_H
#define SUNSET_CHIREDIS_SHIM_H

#include <hiredis/hiredis.h>
#include <hiredis/async.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

/// The bytes that hiredis holds for writing and the kernel has not taken yet.
static inline size_t sunset_hiredis_unwritten(const redisAsyncContext *context) {
    return context->c.obuf == NULL ? 0 : sdslen(context->c.obuf);
}

/// `events` and `data.u64` of an epoll event, without Swift's view of a packed union.
static inline int sunset_epoll_ctl(int epoll, int operation, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event;
    event.events = events;
    event.data.u64 = token;
    return epoll_ctl(epoll, operation, fd, &event);
}

static inline uint64_t sunset_epoll_token(const struct epoll_event *event) { return event->data.u64; }

static inline uint32_t sunset_epoll_events(const struct epoll_event *event) { return event->events; }

/// Names the calling thread for debuggers and `top -H`; at most 15 bytes are kept.
static inline void sunset_name_thread(const char *name) { prctl(PR_SET_NAME, name); }

#endif
