#include "base/queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"

struct entry {
	struct entry *next;
	void *item;
	size_t bytes;
};

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t filled, drained;
	struct entry *first, **last;
	size_t bytes, items, maximum;
	bool closed, woken;
	bool taken; /* something was popped that is not settled */
};

struct queue *queue_new(size_t maximum_bytes)
{
	struct queue *queue = memory_zalloc(sizeof(*queue));
	pthread_condattr_t monotonic;

	pthread_mutex_init(&queue->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&queue->filled, &monotonic);
	pthread_cond_init(&queue->drained, &monotonic);
	pthread_condattr_destroy(&monotonic);
	queue->last = &queue->first;
	queue->maximum = maximum_bytes;
	return queue;
}

void queue_free(struct queue *queue)
{
	if (!queue)
		return;
	while (queue->first) {
		struct entry *next = queue->first->next;

		free(queue->first);
		queue->first = next;
	}
	pthread_cond_destroy(&queue->filled);
	pthread_cond_destroy(&queue->drained);
	pthread_mutex_destroy(&queue->lock);
	free(queue);
}

bool queue_push(struct queue *queue, void *item, size_t bytes)
{
	struct entry *entry;

	pthread_mutex_lock(&queue->lock);
	while (!queue->closed && queue->items && queue->bytes + bytes > queue->maximum)
		pthread_cond_wait(&queue->drained, &queue->lock);
	if (queue->closed) {
		pthread_mutex_unlock(&queue->lock);
		return false;
	}
	entry = memory_alloc(sizeof(*entry));
	entry->next = NULL;
	entry->item = item;
	entry->bytes = bytes;
	*queue->last = entry;
	queue->last = &entry->next;
	queue->bytes += bytes;
	queue->items++;
	pthread_mutex_unlock(&queue->lock);
	pthread_cond_signal(&queue->filled); /* who is woken finds the lock free */
	return true;
}

void *queue_pop(struct queue *queue, int timeout_ms)
{
	struct entry *entry;
	struct timespec until;
	void *item;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += timeout_ms / 1000;
	until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&queue->lock);
	while (!queue->first && !queue->closed && !queue->woken && timeout_ms != 0) {
		if (timeout_ms < 0)
			pthread_cond_wait(&queue->filled, &queue->lock);
		else if (pthread_cond_timedwait(&queue->filled, &queue->lock, &until) != 0)
			break;
	}
	queue->woken = false;
	entry = queue->first;
	if (!entry) {
		pthread_mutex_unlock(&queue->lock);
		return NULL;
	}
	queue->first = entry->next;
	if (!queue->first)
		queue->last = &queue->first;
	queue->bytes -= entry->bytes;
	queue->items--;
	queue->taken = true;
	pthread_cond_broadcast(&queue->drained);
	pthread_mutex_unlock(&queue->lock);
	item = entry->item;
	free(entry);
	return item;
}

void queue_settle(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->taken = false;
	pthread_mutex_unlock(&queue->lock);
}

bool queue_idle(struct queue *queue)
{
	bool idle;

	pthread_mutex_lock(&queue->lock);
	idle = queue->items == 0 && !queue->taken;
	pthread_mutex_unlock(&queue->lock);
	return idle;
}

void queue_discard(struct queue *queue, void (*release)(void *item))
{
	struct entry *entry, *next;

	pthread_mutex_lock(&queue->lock);
	entry = queue->first;
	queue->first = NULL;
	queue->last = &queue->first;
	queue->bytes = queue->items = 0;
	pthread_cond_broadcast(&queue->drained);
	pthread_mutex_unlock(&queue->lock);
	for (; entry; entry = next) {
		next = entry->next;
		release(entry->item);
		free(entry);
	}
}

void queue_wake(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->woken = true;
	pthread_cond_broadcast(&queue->filled);
	pthread_mutex_unlock(&queue->lock);
}

void queue_close(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->closed = true;
	pthread_cond_broadcast(&queue->filled);
	pthread_cond_broadcast(&queue->drained);
	pthread_mutex_unlock(&queue->lock);
}

bool queue_closed(struct queue *queue)
{
	bool closed;

	pthread_mutex_lock(&queue->lock);
	closed = queue->closed;
	pthread_mutex_unlock(&queue->lock);
	return closed;
}

size_t queue_bytes(struct queue *queue)
{
	size_t bytes;

	pthread_mutex_lock(&queue->lock);
	bytes = queue->bytes;
	pthread_mutex_unlock(&queue->lock);
	return bytes;
}

size_t queue_items(struct queue *queue)
{
	size_t items;

	pthread_mutex_lock(&queue->lock);
	items = queue->items;
	pthread_mutex_unlock(&queue->lock);
	return items;
}
