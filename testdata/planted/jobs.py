"""imbalance, 1: three threads for one job, and one has most of it. Clean, threads of unlike jobs, of which one has much
to do, 11: functions. 12: methods of classes. 13: one of a pool, and two of the program's own."""
import concurrent.futures
import queue
import sys
import threading
import time
import zlib

PLAIN = bytes(range(256)) * 20000


def squeeze(seconds):
    """Computes, and lets go of the interpreter's lock meanwhile."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        zlib.compress(PLAIN, 6)


def listen(tasks):
    while tasks.get():
        squeeze(0.005)


def beat(stop):
    while not stop.wait(0.05):
        pass


class Squeezer(threading.Thread):
    def run(self):
        squeeze(0.4)


class Listener(threading.Thread):
    def __init__(self, tasks):
        super().__init__()
        self.tasks = tasks

    def run(self):
        listen(self.tasks)


class Beater(threading.Thread):
    def __init__(self, stop):
        super().__init__()
        self.stop = stop

    def run(self):
        beat(self.stop)


def beside(work, others, tasks, stop):
    for thread in (work, *others):
        thread.start()
    for _ in range(4):
        tasks.put(True)
    work.join()
    stop.set()
    tasks.put(False)
    for thread in others:
        thread.join()


def work(tasks):
    while seconds := tasks.get():
        squeeze(seconds)


def share_out():
    queues = [queue.Queue() for _ in range(3)]
    threads = [threading.Thread(target=work, args=(tasks,)) for tasks in queues]
    for thread in threads:
        thread.start()
    time.sleep(0.02)
    for tasks, seconds in zip(queues, (0.4, 0.02, 0.02)):
        tasks.put(seconds)
        tasks.put(0)
    for thread in threads:
        thread.join()


def in_pool(others, tasks, stop):
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        for thread in others:
            thread.start()
        pool.submit(squeeze, 0.4).result()
    stop.set()
    tasks.put(False)
    for thread in others:
        thread.join()


def main():
    variant = int(sys.argv[1])
    tasks, stop = queue.Queue(), threading.Event()
    functions = [threading.Thread(target=listen, args=(tasks,)),
                 threading.Thread(target=beat, args=(stop,))]
    if variant == 1:
        share_out()
    elif variant == 11:
        beside(threading.Thread(target=squeeze, args=(0.4,)), functions, tasks, stop)
    elif variant == 12:
        beside(Squeezer(), (Listener(tasks), Beater(stop)), tasks, stop)
    else:
        in_pool(functions, tasks, stop)


main()
