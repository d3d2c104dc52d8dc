import Foundation
import Synchronization

/// Gives a process a wall clock that is wrong, and leaves its monotonic clocks as they are.
///
/// A few lines of C of our own: libfaketime also meddles with timers, and a `Task.sleep` under it may never end.
public enum WrongClock {
    private static let source = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stdlib.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>
        static long offset(void) {
          static long known; static int isKnown;
          if (!isKnown) { const char *text = getenv("WRONG_CLOCK"); known = text ? atol(text) : 0; isKnown = 1; }
          return known;
        }
        int clock_gettime(clockid_t clock, struct timespec *t) {
          int result = syscall(SYS_clock_gettime, clock, t);
          if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) t->tv_sec += offset();
          return result;
        }
        int gettimeofday(struct timeval *t, void *zone) {
          struct timespec now;
          clock_gettime(CLOCK_REALTIME, &now);
          t->tv_sec = now.tv_sec; t->tv_usec = now.tv_nsec / 1000;
          return 0;
        }
        time_t time(time_t *t) {
          struct timespec now;
          clock_gettime(CLOCK_REALTIME, &now);
          if (t) *t = now.tv_sec;
          return now.tv_sec;
        }

        """

    private static let library = Mutex<(directory: TemporaryDirectory, path: String)?>(nil)

    /// The variables for a process whose clock is ahead by so many seconds, or behind.
    public static func environment(seconds: Int) throws -> [String] {
        let path = try library.withLock { library in
            if let library { return library.path }
            let directory = try TemporaryDirectory(prefix: "clock")
            let text = directory.file("clock.c")
            let path = directory.file("clock.so")
            try source.write(toFile: text, atomically: true, encoding: .utf8)
            // The compiler that came with Swift.
            let compiler = try ChildProcess("/usr/bin/env", ["clang", "-shared", "-fPIC", "-O1", "-o", path, text])
            guard compiler.wait() == 0 else { throw TestSupportError("clang did not compile the wrong clock") }
            library = (directory, path)
            return path
        }
        return ["LD_PRELOAD=\(path)", "WRONG_CLOCK=\(seconds)"]
    }
}
