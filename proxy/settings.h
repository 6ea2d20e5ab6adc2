/* From the configuration to what the source's side, the applier and the rewriting rules want to be told. */
#ifndef PROXY_SETTINGS_H
#define PROXY_SETTINGS_H

#include "applier/applier.h"
#include "proxy/config.h"
#include "proxy/source.h"

struct settings {
	const struct config *config; /* borrowed */
	struct source_options source;
	struct target_options target;
	struct applier_settings applier;
	struct rewrite_settings rewrite;
	struct definer_mapping *definers;
	char host_name[256]; /* of this machine */
};

/* The texts are the configuration's. ERROR_USAGE for a rule that does not exist, or a policy that it does not
 * allow. `settings` must stay where it is while what it holds is used. */
int settings_fill(struct settings *settings, const struct config *config, struct error *error);
void settings_release(struct settings *settings);

#endif
