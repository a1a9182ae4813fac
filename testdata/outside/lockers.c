/* Two readers and a journal around one lock: the program of README's first picture. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static long table[1 << 17];
static volatile long seen;

static long look_up(void)
{
	long sum = 0;

	for (int i = 0; i < 1 << 17; i++)
		sum += table[i] % 7;
	return sum;
}

static void *read_table(void *unused)
{
	for (int i = 0; i < 200; i++) {
		pthread_mutex_lock(&table_lock);
		seen = look_up();
		pthread_mutex_unlock(&table_lock);
		usleep(1000);
	}
	return unused;
}

/* Keeps the lock while the disk works: here is the mistake. */
static void *write_journal(void *file)
{
	pthread_setname_np(pthread_self(), "journal");
	for (int i = 0; i < 100; i++) {
		pthread_mutex_lock(&table_lock);
		if (write(*(int *)file, table, sizeof(table)) < 0 || fdatasync(*(int *)file))
			return file;
		pthread_mutex_unlock(&table_lock);
		usleep(1000);
	}
	return NULL;
}

int main(void)
{
	int file = open("/var/tmp/journal", O_CREAT | O_WRONLY | O_TRUNC, 0600);
	pthread_t threads[3];

	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, i ? read_table : write_journal, &file);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
