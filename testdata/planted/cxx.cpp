/* As C++ says it. lock-convoy, 1: a std::mutex, 300 us under a lock_guard. deadlock, 2: two lock_guards each way.
 * holder-asleep, 3: sleep_for under a unique_lock.
 * Clean, 11: a scoped_lock takes both, each way. 12: a pool that is stopped and joined. 13: sleep_for after unlock(). */
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#include "planted.h"

using namespace std::chrono_literals;

static std::mutex first, second;
static std::condition_variable_any work;

static void convoy()
{
	call_me("worker");
	for (int i = 0; i < 300; i++) {
		std::lock_guard<std::mutex> held(first); /* here:1 */
		compute_us(300);
	}
}

static void embrace(std::mutex &a, std::mutex &b)
{
	call_me("teller");
	std::lock_guard<std::mutex> one(a);
	std::this_thread::sleep_for(100ms);
	std::lock_guard<std::mutex> other(b); /* here:2 */
}

static void naps(bool unlocked)
{
	call_me("culprit");
	for (int i = 0; i < 20; i++) {
		std::unique_lock<std::mutex> held(first);
		if (!unlocked)
			std::this_thread::sleep_for(30ms); /* here:3 */
		held.unlock();
		if (unlocked)
			std::this_thread::sleep_for(30ms);
		std::this_thread::sleep_for(200us);
	}
}

static void wants(std::atomic<bool> &over)
{
	call_me("worker");
	while (!over) {
		{
			std::lock_guard<std::mutex> held(first);
			compute_us(50);
		}
		std::this_thread::sleep_for(1ms);
	}
}

static void holder(bool unlocked)
{
	std::atomic<bool> over{ false };
	std::thread culprit(naps, unlocked);
	std::vector<std::thread> others;

	for (int i = 0; i < 3; i++)
		others.emplace_back(wants, std::ref(over));
	culprit.join();
	over = true;
	for (auto &other : others)
		other.join();
}

static void fair(std::mutex &a, std::mutex &b)
{
	call_me("teller");
	for (int i = 0; i < 100; i++) {
		std::scoped_lock both(a, b);
		compute_us(20);
	}
}

static void serve(std::stop_token stop)
{
	std::unique_lock<std::mutex> held(first);

	call_me("worker");
	work.wait(held, stop, [] { return false; });
}

int main(int argc, char **argv)
{
	const int variant = VARIANT(argc, argv);
	std::vector<std::jthread> threads;

	if (variant == 1)
		for (int i = 0; i < 4; i++)
			threads.emplace_back(convoy);
	if (variant == 2) {
		std::thread(embrace, std::ref(first), std::ref(second)).detach();
		std::thread(embrace, std::ref(second), std::ref(first)).detach();
		std::this_thread::sleep_for(500ms);
		std::_Exit(0);
	}
	if (variant == 3 || variant == 13)
		holder(variant == 13);
	if (variant == 11) {
		threads.emplace_back(fair, std::ref(first), std::ref(second));
		threads.emplace_back(fair, std::ref(second), std::ref(first));
	}
	if (variant == 12) {
		for (int i = 0; i < 4; i++)
			threads.emplace_back(serve);
		std::this_thread::sleep_for(300ms);
	}
	return 0;
}
