// As Rust says it, whose locks are futexes that name no owner. lock-convoy, 1: a Mutex, 2 ms under its guard.
// 2: a RwLock that all write. holder-asleep, 3: sleeps with the guard.
// Clean, 11: computes before it locks. 12: a channel and who takes from it. 13: sleeps without the guard.
use std::sync::{mpsc, Arc, Mutex, RwLock};
use std::thread;
use std::time::{Duration, Instant};

#[inline(never)]
fn compute(ms: u64) {
    let end = Instant::now() + Duration::from_millis(ms);
    while Instant::now() < end {}
}

#[inline(never)]
fn convoy(lock: &Mutex<u64>) {
    let mut held = lock.lock().unwrap();
    compute(2);
    *held += 1;
}

#[inline(never)]
fn write(lock: &RwLock<u64>) {
    let mut held = lock.write().unwrap();
    compute(2);
    *held += 1;
}

#[inline(never)]
fn nap(lock: &Mutex<u64>) {
    let mut held = lock.lock().unwrap();
    thread::sleep(Duration::from_millis(5)); // /* here:3 */
    *held += 1;
}

fn turn(variant: u32, lock: &Mutex<u64>, other: &RwLock<u64>) {
    match variant {
        1 => convoy(lock),
        2 => write(other),
        3 => nap(lock),
        13 => {
            thread::sleep(Duration::from_millis(5));
            *lock.lock().unwrap() += 1;
        }
        _ => {
            compute(2);
            *lock.lock().unwrap() += 1;
        }
    }
}

fn channel() {
    let (send, receive) = mpsc::channel();
    let taker = thread::spawn(move || while receive.recv().is_ok() {});
    for i in 0..200 {
        compute(1);
        send.send(i).unwrap();
    }
    drop(send);
    taker.join().unwrap();
}

fn main() {
    let variant = std::env::args().nth(1).map_or(1, |word| word.parse().unwrap());
    let lock = Arc::new(Mutex::new(0));
    let other = Arc::new(RwLock::new(0));
    if variant == 12 {
        return channel();
    }
    let count = if variant == 11 { 2 } else { 4 };
    let workers: Vec<_> = (0..count)
        .map(|_| {
            let (lock, other) = (lock.clone(), other.clone());
            let work = move || (0..80).for_each(|_| turn(variant, &lock, &other));
            thread::Builder::new().name("worker".into()).spawn(work).unwrap()
        })
        .collect();
    for worker in workers {
        worker.join().unwrap();
    }
}
