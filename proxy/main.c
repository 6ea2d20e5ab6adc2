/* changeling: a replica in the eyes of a MySQL or MariaDB master, a client in those of the target. */
#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "proxy/commands.h"

/* Passwords and rows are in memory: no core file shall hold them, and no file of ours be open to others. */
static void keep_to_ourselves(void)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__ /* its search for leaks looks at the process from beside */
	prctl(PR_SET_DUMPABLE, 0);
#endif
	umask(077);
}

int main(int argc, char **argv)
{
	/* transactions are made by one thread and freed by another: few arenas, or each keeps its own peak */
	mallopt(M_ARENA_MAX, 2);
	keep_to_ourselves();
	signal(SIGPIPE, SIG_IGN);
	return commands_main(argc, argv);
}
