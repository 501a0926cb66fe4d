/* Preloaded into a process, records in their order all changes of files below $RECORD_ROOT, and what is synchronised, in $RECORD_LOG.
 *
 * A record is: operation (1 byte), two 64-bit numbers, two 64-bit lengths, and two strings of these lengths.
 * A lock around each call and its record keeps the order of several threads. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST 65536
static char tracked[MOST];
static int log_file = -1;
static const char *root;
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    root = getenv("RECORD_ROOT");
    const char *path = getenv("RECORD_LOG");
    if (root && path) log_file = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int ours(const char *path) { return log_file >= 0 && path && strncmp(path, root, strlen(root)) == 0; }
static int known(int fd) { return log_file >= 0 && fd >= 0 && fd < MOST && tracked[fd]; }

static void record(char what, int64_t a, int64_t b, const void *first, size_t n, const void *second, size_t m) {
    int64_t numbers[4] = {a, b, (int64_t)n, (int64_t)m};
    struct iovec parts[4] = {{&what, 1}, {numbers, sizeof numbers}, {(void *)first, n}, {(void *)second, m}};
    int before = errno;
    if (syscall(SYS_writev, log_file, parts, 4) != (long)(1 + sizeof numbers + n + m)) abort();
    errno = before;
}

static int opened(int fd, const char *path, int flags) {
    if (fd >= 0 && fd < MOST) {
        tracked[fd] = ours(path);
        if (tracked[fd]) record('O', fd, flags, path, strlen(path), "", 0);
    }
    return fd;
}

#define OPEN(name)                                                   \
    int name(const char *path, int flags, ...) {                     \
        va_list more;                                                \
        va_start(more, flags);                                       \
        int mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, int) : 0; \
        va_end(more);                                                \
        pthread_mutex_lock(&lock);                                   \
        int fd = opened(REAL(name)(path, flags, mode), path, flags); \
        pthread_mutex_unlock(&lock);                                 \
        return fd;                                                   \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                           \
    int name(int folder, const char *path, int flags, ...) {                   \
        va_list more;                                                          \
        va_start(more, flags);                                                 \
        int mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, int) : 0;    \
        va_end(more);                                                          \
        pthread_mutex_lock(&lock);                                             \
        int fd = opened(REAL(name)(folder, path, flags, mode), path, flags);   \
        pthread_mutex_unlock(&lock);                                           \
        return fd;                                                             \
    }
OPENAT(openat)
OPENAT(openat64)

int close(int fd) {
    pthread_mutex_lock(&lock);
    if (known(fd)) {
        tracked[fd] = 0;
        record('C', fd, 0, "", 0, "", 0);
    }
    int done = REAL(close)(fd);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t write(int fd, const void *data, size_t n) {
    if (!known(fd)) return REAL(write)(fd, data, n);
    pthread_mutex_lock(&lock);
    ssize_t done = REAL(write)(fd, data, n);
    if (done > 0) record('W', fd, lseek(fd, 0, SEEK_CUR) - done, data, done, "", 0);
    pthread_mutex_unlock(&lock);
    return done;
}

#define PWRITE(name)                                                 \
    ssize_t name(int fd, const void *data, size_t n, off_t place) {  \
        if (!known(fd)) return REAL(name)(fd, data, n, place);       \
        pthread_mutex_lock(&lock);                                   \
        ssize_t done = REAL(name)(fd, data, n, place);               \
        if (done > 0) record('W', fd, place, data, done, "", 0);     \
        pthread_mutex_unlock(&lock);                                 \
        return done;                                                 \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define TRUNCATE(name)                                               \
    int name(int fd, off_t size) {                                   \
        pthread_mutex_lock(&lock);                                   \
        int done = REAL(name)(fd, size);                             \
        if (done == 0 && known(fd)) record('T', fd, size, "", 0, "", 0); \
        pthread_mutex_unlock(&lock);                                 \
        return done;                                                 \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

#define SYNC(name)                                                   \
    int name(int fd) {                                               \
        pthread_mutex_lock(&lock);                                   \
        int done = REAL(name)(fd);                                   \
        if (done == 0 && known(fd)) record('S', fd, 0, "", 0, "", 0); \
        pthread_mutex_unlock(&lock);                                 \
        return done;                                                 \
    }
SYNC(fsync)
SYNC(fdatasync)

/* One path: what is done to it is the first argument of REAL. */
#define PATH(what, parameters, call, path)                           \
    int parameters {                                                 \
        pthread_mutex_lock(&lock);                                   \
        int done = call;                                             \
        if (done == 0 && ours(path)) record(what, 0, 0, path, strlen(path), "", 0); \
        pthread_mutex_unlock(&lock);                                 \
        return done;                                                 \
    }
PATH('U', unlink(const char *path), REAL(unlink)(path), path)
PATH('U', unlinkat(int folder, const char *path, int flags), REAL(unlinkat)(folder, path, flags), path)
PATH('U', rmdir(const char *path), REAL(rmdir)(path), path)
PATH('M', mkdir(const char *path, mode_t mode), REAL(mkdir)(path, mode), path)
PATH('M', mkdirat(int folder, const char *path, mode_t mode), REAL(mkdirat)(folder, path, mode), path)

static int renamed(int done, const char *from, const char *to) {
    if (done == 0 && ours(to)) record('R', 0, 0, from, strlen(from), to, strlen(to));
    return done;
}

int rename(const char *from, const char *to) {
    pthread_mutex_lock(&lock);
    int done = renamed(REAL(rename)(from, to), from, to);
    pthread_mutex_unlock(&lock);
    return done;
}

int renameat(int a, const char *from, int b, const char *to) {
    pthread_mutex_lock(&lock);
    int done = renamed(REAL(renameat)(a, from, b, to), from, to);
    pthread_mutex_unlock(&lock);
    return done;
}
