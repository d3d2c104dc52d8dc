"""Runs a program on a terminal that stops taking output, ends it by SIGTERM, and says what became of both.

usage: stalled_terminal.py PROGRAM WORDS...
prints: <exit status> <'restored' or 'raw'> <'left' if the other screen was left>
"""
import fcntl, os, select, signal, subprocess, sys, termios, time

master, slave = os.openpty()
fcntl.ioctl(slave, termios.TIOCSWINSZ, b"\x18\x00\x50\x00\x00\x00\x00\x00")
before = termios.tcgetattr(slave)


def take_terminal():
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


child = subprocess.Popen(sys.argv[1:], stdin=slave, stdout=slave, stderr=slave, preexec_fn=take_terminal,
                         env=dict(os.environ, TERM="xterm", LC_ALL="C.UTF-8"))
seen = b""
end = time.monotonic() + 20
while b"QUEUE" not in seen and time.monotonic() < end:
    if select.select([master], [], [], 1)[0]:
        seen += os.read(master, 65536)
# From here on nobody reads; each ^L draws the whole screen again until the line is full.
while select.select([], [slave], [], 0)[1] and time.monotonic() < end:
    os.write(master, b"\x0c")
    time.sleep(0.005)
is_full = not select.select([], [slave], [], 0)[1]
child.send_signal(signal.SIGTERM)
try:
    status = child.wait(10)
except subprocess.TimeoutExpired:
    child.kill()
    child.wait()
    status = "hangs"
after = termios.tcgetattr(slave)
rest = b""
while select.select([master], [], [], 0.2)[0]:
    rest += os.read(master, 65536)
print("full" if is_full else "never full", status, "restored" if after == before else "raw",
      "left" if b"\x1b[?1049l" in rest else "not left")
