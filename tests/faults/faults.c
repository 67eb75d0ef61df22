/* A file layer that fails: calls that change what is under one folder meet an error.

   Loaded by LD_PRELOAD, so that Python's calls, a library's in Rust and the program's own all come by
   here. Told by its environment, which is looked at with every call:

   FAULTS_UNDER   the folder; where it is not set nothing fails
   FAULTS_ERRNO   what fails with what number
   FAULTS_FIRST   the number of the first call that fails, from 1 on
   FAULTS_ONE_IN  of the calls from there on one in so many fails, by chance, and the same ones
                  each time; 0: the first alone
   FAULTS_WHILE   a file: while it is there, every call from the first on fails
   FAULTS_GROWING 1: only what takes room on a disk counts, and can fail
   FAULTS_LOG     a file that gets a line a call: its number, its name, whether it failed, its path
*/
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long calls;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
  return dlsym(RTLD_NEXT, name);
}

static long number(const char *name) {
  const char *value = getenv(name);
  return value ? atol(value) : 0;
}

static int is_there(const char *path) {
  return path && syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0;
}

/* As splitmix64 has it. */
static unsigned long mixed(unsigned long n) {
  n = (n + 0x9e3779b97f4a7c15UL) * 0xbf58476d1ce4e5b9UL;
  n = (n ^ (n >> 27)) * 0x94d049bb133111ebUL;
  return n ^ (n >> 31);
}

static int fails(long call) {
  long first = number("FAULTS_FIRST"), one_in = number("FAULTS_ONE_IN");
  if (!first || call < first)
    return 0;
  if (getenv("FAULTS_WHILE"))
    return is_there(getenv("FAULTS_WHILE"));
  return call == first || (one_in && mixed((unsigned long)(call ^ (first << 32))) % (unsigned long)one_in == 0);
}

static void note(long call, const char *name, int failed, const char *path) {
  const char *log = getenv("FAULTS_LOG");
  char line[PATH_MAX + 64];
  int length, file;
  if (!log)
    return;
  length = snprintf(line, sizeof line, "%ld %s %s %s\n", call, name, failed ? "failed" : "done", path);
  file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0)
    return;
  if (syscall(SYS_write, file, line, length) < 0)
    abort();
  syscall(SYS_close, file);
}

/* Whether the call at this path is to fail; then errno is set. */
static int meets(const char *name, const char *path, int grows) {
  const char *under = getenv("FAULTS_UNDER");
  long call;
  int failed;
  if (!under || strncmp(path, under, strlen(under)) != 0)
    return 0;
  if (number("FAULTS_GROWING") && !grows)
    return 0;
  call = atomic_fetch_add(&calls, 1) + 1;
  failed = fails(call);
  note(call, name, failed, path);
  if (failed)
    errno = (int)number("FAULTS_ERRNO");
  return failed;
}

static int meets_file(const char *name, int file, int grows) {
  char link[64], path[PATH_MAX];
  ssize_t length;
  int before = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  length = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
  errno = before;
  if (length < 0)
    return 0;
  path[length] = 0;
  return meets(name, path, grows);
}

/* A path as it is given to a call with a folder. */
static int meets_at(const char *name, int folder, const char *path, int grows) {
  char link[64], whole[2 * PATH_MAX];
  ssize_t length;
  int before = errno;
  if (path[0] == '/')
    return meets(name, path, grows);
  if (folder == AT_FDCWD)
    snprintf(link, sizeof link, "/proc/self/cwd");
  else
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  length = syscall(SYS_readlinkat, AT_FDCWD, link, whole, PATH_MAX);
  errno = before;
  if (length < 0)
    return 0;
  snprintf(whole + length, PATH_MAX, "/%s", path);
  return meets(name, whole, grows);
}

ssize_t write(int file, const void *bytes, size_t count) {
  return meets_file("write", file, 1) ? -1 : REAL(write)(file, bytes, count);
}

ssize_t writev(int file, const struct iovec *parts, int count) {
  return meets_file("write", file, 1) ? -1 : REAL(writev)(file, parts, count);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t place) {
  return meets_file("write", file, 1) ? -1 : REAL(pwrite)(file, bytes, count, place);
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t place) {
  return meets_file("write", file, 1) ? -1 : REAL(pwrite64)(file, bytes, count, place);
}

int ftruncate(int file, off_t size) {
  return meets_file("truncate", file, 1) ? -1 : REAL(ftruncate)(file, size);
}

int ftruncate64(int file, off64_t size) {
  return meets_file("truncate", file, 1) ? -1 : REAL(ftruncate64)(file, size);
}

int fsync(int file) {
  return meets_file("sync", file, 1) ? -1 : REAL(fsync)(file);
}

int fdatasync(int file) {
  return meets_file("sync", file, 1) ? -1 : REAL(fdatasync)(file);
}

/* What was open for writing is closed all the same, as Linux does it. */
int close(int file) {
  int flags = fcntl(file, F_GETFL), failed = 0, result;
  if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY)
    failed = meets_file("close", file, 0);
  if (!failed)
    return REAL(close)(file);
  result = errno;
  REAL(close)(file);
  errno = result;
  return -1;
}

#define WRITES(flags) (((flags) & O_ACCMODE) != O_RDONLY || ((flags) & O_CREAT))
#define MODE(flags, mode)                                                                            \
  mode_t mode = 0;                                                                                   \
  if ((flags) & (O_CREAT | O_TMPFILE)) {                                                             \
    va_list rest;                                                                                    \
    va_start(rest, flags);                                                                           \
    mode = va_arg(rest, mode_t);                                                                     \
    va_end(rest);                                                                                    \
  }

int open(const char *path, int flags, ...) {
  MODE(flags, mode)
  if (WRITES(flags) && meets_at("open", AT_FDCWD, path, flags & O_CREAT))
    return -1;
  return REAL(open)(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  MODE(flags, mode)
  if (WRITES(flags) && meets_at("open", AT_FDCWD, path, flags & O_CREAT))
    return -1;
  return REAL(open64)(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...) {
  MODE(flags, mode)
  if (WRITES(flags) && meets_at("open", folder, path, flags & O_CREAT))
    return -1;
  return REAL(openat)(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...) {
  MODE(flags, mode)
  if (WRITES(flags) && meets_at("open", folder, path, flags & O_CREAT))
    return -1;
  return REAL(openat64)(folder, path, flags, mode);
}

int mkdir(const char *path, mode_t mode) {
  return meets_at("mkdir", AT_FDCWD, path, 1) ? -1 : REAL(mkdir)(path, mode);
}

int mkdirat(int folder, const char *path, mode_t mode) {
  return meets_at("mkdir", folder, path, 1) ? -1 : REAL(mkdirat)(folder, path, mode);
}

int rename(const char *path, const char *name) {
  return meets_at("rename", AT_FDCWD, path, 1) ? -1 : REAL(rename)(path, name);
}

int renameat(int folder, const char *path, int other, const char *name) {
  return meets_at("rename", folder, path, 1) ? -1 : REAL(renameat)(folder, path, other, name);
}

int link(const char *path, const char *name) {
  return meets_at("link", AT_FDCWD, name, 1) ? -1 : REAL(link)(path, name);
}

int linkat(int folder, const char *path, int other, const char *name, int flags) {
  return meets_at("link", other, name, 1) ? -1 : REAL(linkat)(folder, path, other, name, flags);
}

int unlink(const char *path) {
  return meets_at("unlink", AT_FDCWD, path, 0) ? -1 : REAL(unlink)(path);
}

int unlinkat(int folder, const char *path, int flags) {
  return meets_at("unlink", folder, path, 0) ? -1 : REAL(unlinkat)(folder, path, flags);
}

int rmdir(const char *path) {
  return meets_at("rmdir", AT_FDCWD, path, 0) ? -1 : REAL(rmdir)(path);
}
