"""deadlock, 1: two locks taken in different order. Clean, 11: in the same order. 12: a thread waits for what
another took and a third gives."""
import os
import sys
import threading
import time

left, right = threading.Lock(), threading.Lock()


def take(first, second, held):
    with first:
        time.sleep(held)
        with second:
            time.sleep(held)


def start(*targets):
    threads = [threading.Thread(target=target, args=args) for target, *args in targets]
    for thread in threads:
        thread.start()
    return threads


def hand_over():
    """Whoever gives back what another took tells that it is no lock."""
    gate = threading.Lock()
    gate.acquire()
    for thread in start((gate.release,)):
        thread.join()
    gate.acquire()
    threads = start((gate.acquire,))
    time.sleep(0.2)
    return threads + start((gate.release,))


def main():
    variant = int(sys.argv[1])
    if variant == 1:
        start((take, left, right, 0.05), (take, right, left, 0.05))
        # Who has a lock is known at once, or, as of 3.13, by a look from outside at what lasts.
        time.sleep(3 if sys.version_info >= (3, 13) else 0.5)
        os._exit(0)
    same = (take, left, right, 0.0005)
    for thread in start(same, same) if variant == 11 else hand_over():
        thread.join()


main()
