// Preloaded into a program, it makes its wall clock wrong by the number of seconds that the file
// $CLOCK_SKEW_FILE holds (8 bytes, this machine's order), which may change at any time. The
// monotonic clock stays right. Driven by tests/cluster/test_clock.py.
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace {

const volatile std::int64_t* map_skew() {
  static const std::int64_t kNone = 0;
  const char* name = ::getenv("CLOCK_SKEW_FILE");
  const int file = name ? ::open(name, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return &kNone;
  void* memory = ::mmap(nullptr, sizeof kNone, PROT_READ, MAP_SHARED, file, 0);
  ::close(file);
  return memory == MAP_FAILED ? &kNone : static_cast<const volatile std::int64_t*>(memory);
}

std::int64_t skew() {
  static const volatile std::int64_t* seconds = map_skew();
  return *seconds;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  const auto result = static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    time->tv_sec += skew();
  return result;
}

int gettimeofday(timeval* __restrict time, void* __restrict) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}

// Deadlines by the wall clock, which its user has read above and the kernel has not.
int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const timespec* until) noexcept {
  timespec right = *until;
  right.tv_sec -= skew();
  return ::pthread_cond_clockwait(condition, mutex, CLOCK_REALTIME, &right);
}

time_t time(time_t* into) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (into) *into = now.tv_sec;
  return now.tv_sec;
}
}
