/* A queue between threads, bounded in bytes; ownership of an item moves with it. */
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue;

struct queue *queue_new(size_t maximum_bytes);
void queue_free(struct queue *queue);

/* Puts an item of that size in; waits while the queue holds anything and would pass its maximum (one item
 * larger than the maximum is let in alone). False when the queue was closed: the item is still the
 * caller's. */
bool queue_push(struct queue *queue, void *item, size_t bytes);

/* Takes the oldest item; waits up to timeout_ms (-1 = for ever, 0 = not at all). NULL on time-out, or when
 * closed and empty. */
void *queue_pop(struct queue *queue, int timeout_ms);

/* By who pops: all that was popped has been dealt with. */
void queue_settle(struct queue *queue);
/* Is nothing in it, and all that was popped settled: one answer for both, at one moment. */
bool queue_idle(struct queue *queue);

/* Makes a queue_pop that waits, or the next one that would, return NULL early: something else wants attention. */
void queue_wake(struct queue *queue);

/* Wakes everybody; nothing goes in any more, what is in can still be taken. */
void queue_close(struct queue *queue);
/* Releases all that is in it, at one moment: what somebody pops meanwhile has nothing missing before it. For who pushes, or once
 * it is closed, so that nothing follows what is missing. */
void queue_discard(struct queue *queue, void (*release)(void *item));
bool queue_closed(struct queue *queue);

size_t queue_bytes(struct queue *queue);
size_t queue_items(struct queue *queue);

#endif
