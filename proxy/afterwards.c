#include "proxy/afterwards.h"

#include <stdlib.h>
#include <string.h>

int afterwards_open(struct afterwards *afterwards, const char *directory, bool connect, struct error *error)
{
	struct state_options options;
	char *warning = NULL;

	memset(afterwards, 0, sizeof(*afterwards));
	memset(&options, 0, sizeof(options));
	config_init(&afterwards->config);
	if (config_load(&afterwards->config, directory, error) < 0 ||
		config_validate(&afterwards->config, error) < 0 ||
		settings_fill(&afterwards->settings, &afterwards->config, error) < 0)
		return -1;
	options.channel = afterwards->config.channel;
	options.journal_rows = afterwards->config.journal_rows;
	if (state_open(&afterwards->state, directory, &options, &warning, error) < 0)
		return -1;
	free(warning);
	if (connect && target_connect(&afterwards->target, &afterwards->settings.target, NULL, error) < 0)
		return -1;
	if (connect)
		target_be_patient(afterwards->target);
	return 0;
}

void afterwards_close(struct afterwards *afterwards)
{
	target_close(afterwards->target);
	state_close(afterwards->state);
	settings_release(&afterwards->settings);
	config_release(&afterwards->config);
}
