/* Lines of SHOW GRANTS as servers print them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "proxy/source_info.h"

static void lines_of_show_grants(void **state)
{
	static const struct {
		const char *line;
		bool slave, client, super;
	} cases[] = {
		{"GRANT USAGE ON *.* TO `r`@`%`", false, false, false},
		{"GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO `repl`@`%`", true, true, false},
		{"GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO `repl`@`%` IDENTIFIED BY PASSWORD '*A'",
			true, true, false},
		{"GRANT REPLICATION SLAVE ON *.* TO 'repl'@'%' IDENTIFIED BY PASSWORD '*A' REQUIRE SSL", true,
			false, false},
		{"GRANT SELECT, REPLICATION CLIENT, SHOW VIEW ON *.* TO `r`@`%`", false, true, false},
		{"GRANT ALL PRIVILEGES ON *.* TO `root`@`%` WITH GRANT OPTION", true, true, true},
		{"GRANT SUPER ON *.* TO 'r'@'%'", false, true, true},
		/* names that contain ours are other privileges */
		{"GRANT REPLICATION SLAVE ADMIN, REPLICATION MASTER ADMIN ON *.* TO `r`@`%`", false, false,
			false},
		{"GRANT REPLICATION_SLAVE_ADMIN ON *.* TO `r`@`%`", false, false, false},
		/* of one schema, a role, a proxy, and taken away */
		{"GRANT ALL PRIVILEGES ON `app`.* TO `r`@`%`", false, false, false},
		{"GRANT `rr`@`%` TO `r`@`%`", false, false, false},
		{"GRANT PROXY ON ''@'' TO 'root'@'localhost' WITH GRANT OPTION", false, false, false},
		{"REVOKE REPLICATION SLAVE ON *.* FROM `r`@`%`", false, false, false},
		{"", false, false, false},
		{"GRANT ", false, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct source_grants grants = {false, false, false, ""};

		source_grants_add(&grants, cases[i].line);
		if (grants.replication_slave != cases[i].slave ||
			grants.replication_client != cases[i].client || grants.super != cases[i].super)
			fail_msg("%s: %d %d %d", cases[i].line, grants.replication_slave,
				grants.replication_client, grants.super);
	}
}

static void lines_add_up(void **state)
{
	struct source_grants grants = {false, false, false, ""};

	(void)state;
	source_grants_add(&grants, "GRANT REPLICATION SLAVE ON *.* TO `r`@`%`");
	source_grants_add(&grants, "GRANT REPLICATION CLIENT ON *.* TO `r`@`%`");
	source_grants_add(&grants, "GRANT USAGE ON *.* TO `r`@`%`");
	assert_true(grants.replication_slave);
	assert_true(grants.replication_client);
	assert_false(grants.super);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_of_show_grants),
		cmocka_unit_test(lines_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
