/* The state directory and its files: who may look in, and which process works in it. */
#ifndef STATE_DIRECTORY_H
#define STATE_DIRECTORY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* Makes the directory with mode 0700, and missing parents with 0755. One that is there already is only
 * checked, as by state_directory_check. Errors: ERROR_USAGE. */
int state_directory_make(const char *directory, struct error *error);

/* Refuses (ERROR_USAGE, with the mend) a directory that is missing, that belongs to another user, or into
 * which group or others may look: it holds passwords and statement texts. Root may use anybody's. */
int state_directory_check(const char *directory, struct error *error);

/* As state_directory_check, for one file that is open as `fd`: owned by us, regular, and nothing for group
 * and others. `what` names it in the error ("the configuration", "the password file"). */
int state_file_check(int fd, const char *path, const char *what, struct error *error);

/* The lock of a running instance: an flock on DIR/lock, which holds the process id as text. It goes with the
 * process, however that ends. */
struct state_lock {
	int fd; /* -1 = not held */
};

#define STATE_LOCK_INIT {-1}

/* Takes the lock; ERROR_USAGE, naming the holder's process id, when another process has it. */
int state_lock_take(struct state_lock *lock, const char *directory, struct error *error);
void state_lock_release(struct state_lock *lock);

/* The process that holds the lock; 0 when nobody does (or the directory is not there); -1 when somebody does
 * whose id cannot be read. Takes nothing and needs only leave to read DIR/lock. */
pid_t state_lock_holder(const char *directory);

#endif
