"""lock-convoy of the interpreter's lock, 1: four threads compute. 2: one does, three want little, often. 3: two that
compute. Clean, 11: four threads sleep. 12: two processes compute. 13: two threads compress, and let go of it."""
import multiprocessing
import sys
import threading
import time
import zlib


def burn(rounds):
    total = 0
    for i in range(rounds):
        total += i * i
    return total


def often(count):
    for _ in range(count):
        burn(2000)
        time.sleep(0.001)


PLAIN = bytes(range(256)) * 60000


def squeeze():
    for _ in range(3):
        zlib.compress(PLAIN, 6)


def run(targets):
    threads = [threading.Thread(target=target, args=args) for target, *args in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main():
    variant = int(sys.argv[1])
    if variant == 12:
        both = [multiprocessing.Process(target=burn, args=(3000000,)) for _ in range(2)]
        for process in both:
            process.start()
        for process in both:
            process.join()
        return
    run({1: [(burn, 2500000)] * 4,
         2: [(burn, 12000000)] + [(often, 100)] * 3,
         3: [(burn, 5000000)] * 2,
         11: [(time.sleep, 0.5)] * 4,
         13: [(squeeze,)] * 2}[variant])


if __name__ == '__main__':
    main()
