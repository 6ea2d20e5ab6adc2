#include "applier/tls.h"

#include <mysql.h>

#include "applier/tls_pin.h"

int tls_demand(
	struct st_mysql *mysql, const struct tls_options *options, const struct tls_peer *peer, struct error *error)
{
	my_bool on = 1;
	char fingerprint[TLS_PIN_TEXT];

	if (options->mode == TLS_OFF)
		return 0;
	mysql_ssl_set(mysql, options->key, options->cert, options->ca, options->capath, options->cipher);
	if (options->crl)
		mysql_options(mysql, MYSQL_OPT_SSL_CRL, options->crl);
	if (options->crlpath)
		mysql_options(mysql, MYSQL_OPT_SSL_CRLPATH, options->crlpath);
	if (options->version)
		mysql_options(mysql, MARIADB_OPT_TLS_VERSION, options->version);
	mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &on);
	if (options->mode == TLS_IDENTITY) {
		mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &on);
		return 0;
	}
	/* The library checks chain and name together or neither, and goes on in clear when it checks neither and the server says
	 * that it has no TLS (1.13). So the chain is checked beforehand, and the connection pinned to the very certificate that
	 * passed. */
	if (tls_pin_fetch(options, peer, fingerprint, error) < 0)
		return -1;
	mysql_options(mysql, MARIADB_OPT_SSL_FP, fingerprint);
	return 0;
}
