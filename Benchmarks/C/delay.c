/* delay LISTEN-PORT TARGET-PORT MILLISECONDS
 *
 * Simulates a distant network: forwards every connection made to LISTEN-PORT, at any address of this machine, to
 * TARGET-PORT on 127.0.0.1, and passes on what either side sends MILLISECONDS later. One thread, epoll. Connections
 * themselves are accepted without delay, which favours clients that open a new one for every scrape.
 *
 * Prints "ready" when it listens. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* One end of a forwarded connection. It is freed with its peer, when both have been closed and nothing is in flight. */
struct end {
    int descriptor;
    struct end *peer;
    int under_way; /* chunks on their way to this end */
    int is_deaf;   /* it has sent everything it will */
};

/* What one end sent, on its way to the other. No bytes: the end of the stream. */
struct chunk {
    struct chunk *next;
    struct end *to;
    struct timespec due;
    size_t length;
    char bytes[];
};

static int queue; /* epoll */
static struct chunk *first, **last = &first;
static long delay_ms;
static struct sockaddr_in target = {.sin_family = AF_INET};

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static struct timespec now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time;
}

/* Nanoseconds, not below 0. */
static long long until(struct timespec due) {
    struct timespec time = now();
    long long rest = (due.tv_sec - time.tv_sec) * 1000000000LL + (due.tv_nsec - time.tv_nsec);
    return rest > 0 ? rest : 0;
}

static void send_on(struct end *to, const char *bytes, size_t length) {
    struct chunk *chunk = malloc(sizeof *chunk + length);
    if (!chunk) fail("malloc");
    chunk->next = NULL;
    chunk->to = to;
    chunk->length = length;
    memcpy(chunk->bytes, bytes, length);
    chunk->due = now();
    chunk->due.tv_nsec += delay_ms % 1000 * 1000000;
    chunk->due.tv_sec += delay_ms / 1000 + chunk->due.tv_nsec / 1000000000;
    chunk->due.tv_nsec %= 1000000000;
    to->under_way++;
    *last = chunk;
    last = &chunk->next;
}

static struct end *watched(int descriptor) {
    struct end *end = calloc(1, sizeof *end);
    if (!end) fail("calloc");
    end->descriptor = descriptor;
    int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = end};
    if (epoll_ctl(queue, EPOLL_CTL_ADD, descriptor, &event)) fail("epoll_ctl");
    return end;
}

static void forward(int accepted) {
    int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (other < 0 || connect(other, (struct sockaddr *)&target, sizeof target)) {
        close(accepted);
        if (other >= 0) close(other);
        return;
    }
    struct end *a = watched(accepted), *b = watched(other);
    a->peer = b;
    b->peer = a;
}

static void hear(struct end *end) {
    char bytes[65536];
    ssize_t count = recv(end->descriptor, bytes, sizeof bytes, MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    send_on(end->peer, bytes, count > 0 ? (size_t)count : 0);
    if (count > 0) return;
    end->is_deaf = 1;
    epoll_ctl(queue, EPOLL_CTL_DEL, end->descriptor, NULL);
}

/* A slow reader would hold up the others; replies are small, and readers here are never slow. */
static void tell(struct end *end, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t count = send(end->descriptor, bytes, length, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return; /* gone; its own event reports that */
        bytes += count;
        length -= (size_t)count;
    }
}

static void deliver(struct chunk *chunk) {
    struct end *end = chunk->to;
    end->under_way--;
    if (chunk->length > 0) {
        tell(end, chunk->bytes, chunk->length);
        return;
    }
    shutdown(end->descriptor, SHUT_WR);
    struct end *peer = end->peer;
    if (!end->is_deaf || !peer->is_deaf || end->under_way || peer->under_way) return;
    close(end->descriptor);
    close(peer->descriptor);
    free(peer);
    free(end);
}

int main(int count, char **arguments) {
    if (count != 4) {
        fputs("usage: delay LISTEN-PORT TARGET-PORT MILLISECONDS\n", stderr);
        return 2;
    }
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)atoi(arguments[1]))};
    target.sin_port = htons((in_port_t)atoi(arguments[2]));
    target.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    delay_ms = atol(arguments[3]);

    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);

    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 65535)) fail("delay: listen");
    queue = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    if (queue < 0 || epoll_ctl(queue, EPOLL_CTL_ADD, listener, &event)) fail("delay: epoll");
    puts("ready");
    fflush(stdout);

    struct epoll_event events[256];
    for (;;) {
        struct timespec rest = {0}, *timeout = NULL;
        if (first) {
            long long nanoseconds = until(first->due);
            rest.tv_sec = nanoseconds / 1000000000;
            rest.tv_nsec = nanoseconds % 1000000000;
            timeout = &rest;
        }
        int ready = epoll_pwait2(queue, events, 256, timeout, NULL);
        for (int i = 0; i < ready; i++) {
            if (events[i].data.ptr) {
                hear(events[i].data.ptr);
                continue;
            }
            int accepted;
            while ((accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) forward(accepted);
        }
        while (first && until(first->due) == 0) {
            struct chunk *chunk = first;
            first = chunk->next;
            if (!first) last = &first;
            deliver(chunk);
            free(chunk);
        }
    }
}
